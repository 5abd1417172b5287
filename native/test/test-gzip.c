// SPDX-License-Identifier: Apache-2.0
// Huffman codes are complete and short enough, and gzip members of any data are that data again. The data is made of pieces of every
// kind, of lengths around the places where something is decided.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "huffman.h"
#include "literals.h"
#include "members.h"
#include "repeats.h"

#define ROUNDS 150

static uint64_t state;

static uint32_t any(uint32_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

static void fail(const char *what, uint64_t number)
{
	fprintf(stderr, "test-gzip: %s: %llu\n", what, (unsigned long long)number);
	exit(1);
}

// Kraft's sum is 1: every sequence of bits is one of symbols.
static void check_code(const uint32_t *counts, int symbols, int longest)
{
	struct huffman huffman;
	huffman_make(&huffman, counts, symbols, longest);
	uint32_t sum = 0;
	for (int i = 0; i < symbols; i++) {
		if (huffman.length[i] > longest || (counts[i] != 0 && huffman.length[i] == 0))
			fail("a wrong length", (uint64_t)i);
		sum += huffman.length[i] == 0 ? 0 : 1u << (longest - huffman.length[i]);
	}
	if (sum != 1u << longest)
		fail("an incomplete code", sum);
}

static void check_codes(void)
{
	uint32_t counts[HUFFMAN_SYMBOLS] = {0};
	check_code(counts, 2, 15);
	check_code(counts, 257, 15);
	counts[256] = 1;
	check_code(counts, 257, 15);
	// As unequal as can be: the tree would be as deep as there are symbols.
	counts[0] = counts[1] = 1;
	for (int i = 2; i < 40; i++)
		counts[i] = counts[i - 1] + counts[i - 2];
	check_code(counts, 40, 15);
	check_code(counts, 19, 7);
	for (int round = 0; round < 2000; round++) {
		int symbols = 2 + (int)any(HUFFMAN_SYMBOLS - 2), shift = (int)any(21);
		for (int i = 0; i < symbols; i++)
			counts[i] = any(3) == 0 ? 0 : any(1u << any((uint32_t)shift + 1));
		check_code(counts, symbols, 15);
	}
}

static void fill(unsigned char *data, size_t size, uint32_t kind)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog; ";
	uint32_t period = 1 + any(70000);
	for (size_t i = 0; i < size; i++) {
		switch (kind) {
		case 0: data[i] = (unsigned char)any(256); break;
		case 1: data[i] = (unsigned char)"0123456789abcdef"[any(16)]; break;
		case 2: data[i] = (unsigned char)text[i % (sizeof text - 1)]; break;
		case 3: data[i] = 0; break;
		case 4: data[i] = i < period ? (unsigned char)any(256) : data[i - period]; break;
		default: data[i] = any(50) == 0 ? (unsigned char)any(256) : (unsigned char)(any(4) * any(4)); break;
		}
	}
}

static size_t make_data(unsigned char *data)
{
	static const uint32_t around[] = {0, 1, 8, REPEATS_UNIT, 32768, 65536, 131072, MEMBERS_BLOCK};
	size_t limit = around[any(8)] + any(9), size = 0;
	limit = limit > 4 ? limit - 4 : 0;
	limit = limit < MEMBERS_BLOCK ? limit : MEMBERS_BLOCK;
	while (size < limit) {
		size_t length = around[any(8)] + any(5000);
		length = length < limit - size ? length : limit - size;
		fill(data + size, length, any(6));
		size += length;
	}
	return size;
}

static void check_members(struct libdeflate_decompressor *decompressor, const unsigned char *members, size_t length,
			  const unsigned char *data, size_t size)
{
	unsigned char *again = malloc(size + 1);
	size_t from = 0, at = 0;
	while (from < length) {
		size_t taken, made;
		if (again == NULL || libdeflate_gzip_decompress_ex(decompressor, members + from, length - from, again + at, size - at,
								   &taken, &made) != LIBDEFLATE_SUCCESS)
			fail("no gzip member", from);
		from += taken;
		at += made;
	}
	if (at != size || memcmp(again, data, size) != 0)
		fail("other data", at);
	free(again);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	state = seed;
	check_codes();
	unsigned char *data = malloc(MEMBERS_BLOCK);
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	for (int round = 0; round < ROUNDS; round++) {
		int level = (int)any(13);
		struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
		size_t size = make_data(data), bound = members_bound(compressor), alone = literals_bound(size);
		unsigned char *out = malloc(bound > alone ? bound : alone);
		size_t length = members_of(compressor, level, data, size, out);
		if (length > bound)
			fail("longer than its bound", length);
		check_members(decompressor, out, length, data, size);
		length = literals_member(data, size, out);
		if (length > alone - sizeof(uint64_t))
			fail("a member longer than its bound", length);
		check_members(decompressor, out, length, data, size);
		free(out);
		libdeflate_free_compressor(compressor);
	}
	libdeflate_free_decompressor(decompressor);
	free(data);
	printf("test-gzip: %d rounds\n", ROUNDS);
	return 0;
}
