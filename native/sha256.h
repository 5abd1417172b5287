// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), with the CPU's instructions where it has them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t length; // bytes so far
	unsigned char block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t length);
void sha256_end(struct sha256 *hash, unsigned char digest[SHA256_SIZE]);
