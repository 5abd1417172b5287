// SPDX-License-Identifier: Apache-2.0
// Huffman codes as deflate wants them: lengths by the in-place method of Moffat and Katajainen (1995), codes by RFC 1951.
#include "huffman.h"

#include <string.h>

#define MAX_LENGTH 15

// A symbol and above it how often it occurs, which is below 2 to the power of 23.
#define SYMBOL_BITS 9
#define DIGIT_BITS 8

// Sorts by what is above the symbols; equals stay in the order in which they come, which is theirs.
static void sort(uint32_t *weights, int n)
{
	uint32_t other[HUFFMAN_SYMBOLS], *from = weights, *to = other;
	for (int shift = SYMBOL_BITS; shift < 32; shift += DIGIT_BITS) {
		uint16_t places[(1 << DIGIT_BITS) + 1] = {0};
		for (int i = 0; i < n; i++)
			places[(from[i] >> shift & ((1 << DIGIT_BITS) - 1)) + 1]++;
		for (int i = 1; i < 1 << DIGIT_BITS; i++)
			places[i] = (uint16_t)(places[i] + places[i - 1]);
		for (int i = 0; i < n; i++)
			to[places[from[i] >> shift & ((1 << DIGIT_BITS) - 1)]++] = from[i];
		uint32_t *last = from;
		from = to;
		to = last;
	}
	memcpy(weights, from, (size_t)n * sizeof *weights);
}

// Turns ascending counts into lengths, the longest first; `n` is at least 2. Each phase writes over what the one before has read.
static void lengths_of(uint32_t *values, int n)
{
	// Counts become the parents of inner nodes.
	int leaf = 0, root = 0;
	for (int next = 0; next < n - 1; next++) {
		uint32_t sum = 0;
		for (int child = 0; child < 2; child++) {
			if (leaf >= n || (root < next && values[root] < values[leaf])) {
				sum += values[root];
				values[root++] = (uint32_t)next;
			} else {
				sum += values[leaf++];
			}
		}
		values[next] = sum;
	}
	// Parents become depths of inner nodes.
	values[n - 2] = 0;
	for (int next = n - 3; next >= 0; next--)
		values[next] = values[values[next]] + 1;
	// Depths of inner nodes become depths of leaves.
	int available = 1, used = 0, next = n - 1, inner = n - 2;
	for (uint32_t depth = 0; available > 0; depth++) {
		while (inner >= 0 && values[inner] == depth) {
			used++;
			inner--;
		}
		for (; available > used; available--)
			values[next--] = depth;
		available = 2 * used;
		used = 0;
	}
}

static uint16_t reversed(uint16_t code, int length)
{
	uint16_t result = 0;
	for (int i = 0; i < length; i++, code >>= 1)
		result = (uint16_t)(result << 1 | (code & 1));
	return result;
}

static void assign_codes(struct huffman *huffman, int symbols)
{
	uint16_t of_length[MAX_LENGTH + 1] = {0}, next[MAX_LENGTH + 1];
	for (int i = 0; i < symbols; i++)
		of_length[huffman->length[i]]++;
	of_length[0] = 0;
	uint16_t code = 0;
	for (int length = 1; length <= MAX_LENGTH; length++) {
		code = (uint16_t)((code + of_length[length - 1]) << 1);
		next[length] = code;
	}
	for (int i = 0; i < symbols; i++) {
		int length = huffman->length[i];
		huffman->code[i] = length == 0 ? 0 : reversed(next[length]++, length);
	}
}

void huffman_make(struct huffman *huffman, const uint32_t *counts, int symbols, int longest)
{
	uint32_t weights[HUFFMAN_SYMBOLS], values[HUFFMAN_SYMBOLS];
	int used = 0;
	memset(huffman, 0, sizeof *huffman);
	for (int i = 0; i < symbols; i++) {
		if (counts[i] != 0)
			weights[used++] = counts[i] << SYMBOL_BITS | (uint32_t)i;
	}
	for (int i = 0; used < 2; i++) {
		if (counts[i] == 0)
			weights[used++] = 1 << SYMBOL_BITS | (uint32_t)i;
	}
	sort(weights, used);
	for (int i = 0; i < used; i++)
		values[i] = weights[i] >> SYMBOL_BITS;
	lengths_of(values, used);
	// Too long: counts that differ less have a flatter tree. All the same in the end, which is short enough.
	for (int halved = 1; values[0] > (uint32_t)longest; halved++) {
		for (int i = 0; i < used; i++)
			values[i] = (weights[i] >> SYMBOL_BITS >> halved) + 1;
		lengths_of(values, used);
	}
	for (int i = 0; i < used; i++)
		huffman->length[weights[i] & ((1 << SYMBOL_BITS) - 1)] = (uint8_t)values[i];
	assign_codes(huffman, symbols);
}
