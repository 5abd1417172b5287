// SPDX-License-Identifier: Apache-2.0
// A growing run of bytes, and little-endian numbers in it.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	unsigned char *data;
	size_t length;
	size_t capacity;
};

/// Makes room for `more` bytes behind the end; 0, or -1 with ENOMEM. The data may move.
int bytes_reserve(struct bytes *bytes, size_t more);
int bytes_add(struct bytes *bytes, const void *data, size_t length);
int bytes_add_u8(struct bytes *bytes, uint8_t value);
int bytes_add_u32(struct bytes *bytes, uint32_t value);
int bytes_add_u64(struct bytes *bytes, uint64_t value);
void bytes_free(struct bytes *bytes);
#define cleanup_bytes __attribute__((cleanup(bytes_free)))

/// Reads from a frame that a stranger may have written: every take checks the bound, and one failure sticks (`bad`).
struct cursor {
	const unsigned char *at;
	size_t left;
	int bad;
};

uint8_t take_u8(struct cursor *cursor);
uint32_t take_u32(struct cursor *cursor);
uint64_t take_u64(struct cursor *cursor);
/// `length` bytes in place; NULL (and bad) when fewer are left.
const unsigned char *take_bytes(struct cursor *cursor, size_t length);
/// A NUL-terminated string in place; NULL (and bad) without a terminator.
const char *take_string(struct cursor *cursor);
