// SPDX-License-Identifier: Apache-2.0
// Huffman codes as deflate wants them (RFC 1951, 3.2.2): canonical, of a limited length.
#pragma once

#include <stdint.h>

#define HUFFMAN_SYMBOLS 288

struct huffman {
	uint16_t code[HUFFMAN_SYMBOLS]; // its bits in the order in which they are written, the first one lowest
	uint8_t length[HUFFMAN_SYMBOLS]; // in bits; 0: the symbol does not occur
};

/// The code for symbols that occur so often: at most HUFFMAN_SYMBOLS, each less often than 2^23 times; `longest` is at most 15. It has at least two symbols, because
/// decoders differ in what they make of fewer.
void huffman_make(struct huffman *huffman, const uint32_t *counts, int symbols, int longest);
