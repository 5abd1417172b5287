// SPDX-License-Identifier: Apache-2.0
// Deflate without matches: each byte by how often it occurs, or as it is. For data that does not repeat itself, which is what noise,
// hexadecimal and base64 text, samples and weights are: looking for matches takes most of the time there, and finds nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Room for the gzip member of so many bytes.
size_t literals_bound(size_t size);

/// Writes the data as one gzip member; the result is its size.
size_t literals_member(const unsigned char *data, size_t size, unsigned char *out);

/// How many bytes the data would take as one deflate block, its codes included.
size_t literals_size(const unsigned char *data, size_t size);
