// SPDX-License-Identifier: Apache-2.0
// Deflate without matches. The data is cut where other codes pay for themselves; every figure is an integer, so that all machines cut
// alike.
#include "literals.h"

#include <endian.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <string.h>

#include "huffman.h"

#define END_OF_BLOCK 256
#define CODES 257 // bytes and the end
#define DISTANCES 2 // of which none is used; see huffman_make
#define MAX_LENGTH 15
#define MAX_STORED 65535
#define STORED_BITS (8 * 5)

// A block is made of steps like this one, and ends where the codes of the next one are worth their own table.
#define STEP 4096
#define TABLE_BITS (8 * 70) // about what a table takes

#define GZIP_HEADER 10
#define GZIP_TRAILER 8

struct bits {
	unsigned char *at;
	uint64_t held; // not yet written, the first one lowest
	unsigned count; // of them: fewer than 8 between calls
};

// At most 56 bits. Eight bytes behind the end may be written.
static inline void put(struct bits *bits, uint64_t value, unsigned count)
{
	bits->held |= value << bits->count;
	bits->count += count;
	uint64_t little = htole64(bits->held);
	memcpy(bits->at, &little, sizeof little);
	bits->at += bits->count / 8;
	bits->held >>= bits->count & ~7u;
	bits->count %= 8;
}

static void align(struct bits *bits)
{
	if (bits->count > 0)
		put(bits, 0, 8 - bits->count);
}

static void count(const unsigned char *data, size_t size, uint32_t counts[CODES])
{
	// Four tables, because one byte is often equal to the one before, and would wait for its count.
	uint32_t tables[4][256] = {{0}};
	size_t i = 0;
	for (; i + 8 <= size; i += 8) {
		uint64_t word;
		memcpy(&word, data + i, sizeof word);
		tables[0][word & 255]++;
		tables[1][word >> 8 & 255]++;
		tables[2][word >> 16 & 255]++;
		tables[3][word >> 24 & 255]++;
		tables[0][word >> 32 & 255]++;
		tables[1][word >> 40 & 255]++;
		tables[2][word >> 48 & 255]++;
		tables[3][word >> 56]++;
	}
	for (; i < size; i++)
		tables[0][data[i]]++;
	for (int k = 0; k < 256; k++)
		counts[k] = tables[0][k] + tables[1][k] + tables[2][k] + tables[3][k];
	counts[END_OF_BLOCK] = 1;
}

// n times log2(n) in 256ths of a bit, within a few of them for each n: log2 of a number from 1 to 2 is close to a parabola.
static uint64_t times_log(uint32_t n)
{
	if (n == 0)
		return 0;
	uint32_t whole = 31 - (uint32_t)__builtin_clz(n);
	uint64_t rest = (((uint64_t)n << 16) >> whole) - 65536; // behind the point, in 65536ths
	uint64_t part = rest * (88244 - (22708 * rest >> 16)) >> 16;
	return n * (((uint64_t)whole << 8) + (part >> 8));
}

static uint64_t stored_bits(size_t size)
{
	return 8 * (uint64_t)size + STORED_BITS;
}

// The bits of a block with such counts and a table of its own, estimated. Never more than it takes as it is.
static uint64_t cost_of(const uint32_t counts[CODES], size_t size)
{
	uint64_t log_sum = 0;
	for (int i = 0; i < CODES; i++)
		log_sum += times_log(counts[i]);
	uint64_t coded = ((times_log((uint32_t)size + 1) - log_sum) >> 8) + TABLE_BITS;
	return coded < stored_bits(size) ? coded : stored_bits(size);
}

// How far from its begin on the data is best written as one block; `counts` becomes what is in it.
static size_t block_end(const unsigned char *data, size_t size, uint32_t counts[CODES])
{
	size_t end = size < STEP ? size : STEP;
	count(data, end, counts);
	uint64_t cost = cost_of(counts, end);
	while (end < size) {
		uint32_t next[CODES], both[CODES];
		size_t step = size - end < STEP ? size - end : STEP;
		count(data + end, step, next);
		for (int i = 0; i < CODES; i++)
			both[i] = counts[i] + next[i];
		both[END_OF_BLOCK] = 1;
		uint64_t together = cost_of(both, end + step);
		if (together > cost + cost_of(next, step))
			break;
		memcpy(counts, both, sizeof both);
		cost = together;
		end += step;
	}
	return end;
}

// RFC 1951, 3.2.7: the lengths of a code, each as a symbol and, of repetitions, the bits that say how many.
struct table {
	int count;
	uint8_t symbols[CODES + DISTANCES];
	uint8_t extra[CODES + DISTANCES];
	struct huffman code; // of the symbols
	int lengths; // of `code`, as many as are written
};

#define TABLE_SYMBOLS 19
#define REPEATED 16
#define ZEROS 17
#define MANY_ZEROS 18

static const uint8_t length_order[TABLE_SYMBOLS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

static unsigned extra_bits(uint8_t symbol)
{
	return symbol == REPEATED ? 2 : symbol == ZEROS ? 3 : symbol == MANY_ZEROS ? 7 : 0;
}

static int run_of(const uint8_t *lengths, int from, int end, int most)
{
	int run = 1;
	while (run < most && from + run < end && lengths[from + run] == lengths[from])
		run++;
	return run;
}

static void make_table(struct table *table, const struct huffman *literals, const struct huffman *distances)
{
	uint8_t lengths[CODES + DISTANCES];
	memcpy(lengths, literals->length, CODES);
	memcpy(lengths + CODES, distances->length, DISTANCES);
	uint32_t counts[TABLE_SYMBOLS] = {0};
	table->count = 0;
	for (int i = 0; i < CODES + DISTANCES;) {
		bool zeros = lengths[i] == 0, again = i > 0 && lengths[i] == lengths[i - 1];
		int run = run_of(lengths, i, CODES + DISTANCES, zeros ? 138 : 6);
		uint8_t symbol = lengths[i], extra = 0;
		if (zeros && run >= 3) {
			symbol = run <= 10 ? ZEROS : MANY_ZEROS;
			extra = (uint8_t)(run - (run <= 10 ? 3 : 11));
		} else if (again && run >= 3) {
			symbol = REPEATED;
			extra = (uint8_t)(run - 3);
		} else {
			run = 1;
		}
		table->symbols[table->count] = symbol;
		table->extra[table->count++] = extra;
		counts[symbol]++;
		i += run;
	}
	huffman_make(&table->code, counts, TABLE_SYMBOLS, 7);
	table->lengths = TABLE_SYMBOLS;
	while (table->lengths > 4 && table->code.length[length_order[table->lengths - 1]] == 0)
		table->lengths--;
}

// What a block is written with.
struct coding {
	struct huffman literals;
	struct huffman distances;
	struct table table;
};

static void make_coding(struct coding *coding, const uint32_t counts[CODES])
{
	static const uint32_t no_distances[DISTANCES] = {0};
	huffman_make(&coding->literals, counts, CODES, MAX_LENGTH);
	huffman_make(&coding->distances, no_distances, DISTANCES, MAX_LENGTH);
	make_table(&coding->table, &coding->literals, &coding->distances);
}

static uint64_t bits_of(const struct coding *coding, const uint32_t counts[CODES])
{
	const struct table *table = &coding->table;
	uint64_t sum = 3 + 5 + 5 + 4 + 3 * (uint64_t)table->lengths;
	for (int i = 0; i < table->count; i++)
		sum += table->code.length[table->symbols[i]] + extra_bits(table->symbols[i]);
	for (int i = 0; i < CODES; i++)
		sum += (uint64_t)counts[i] * coding->literals.length[i];
	return sum;
}

static void put_coded(struct bits *bits, const struct coding *coding, const unsigned char *data, size_t size, bool last)
{
	const struct table *table = &coding->table;
	put(bits, last ? 1 : 0, 1);
	put(bits, 2, 2); // with a table of its own
	put(bits, CODES - 257, 5);
	put(bits, DISTANCES - 1, 5);
	put(bits, (uint64_t)table->lengths - 4, 4);
	for (int i = 0; i < table->lengths; i++)
		put(bits, table->code.length[length_order[i]], 3);
	for (int i = 0; i < table->count; i++) {
		uint8_t symbol = table->symbols[i];
		put(bits, table->code.code[symbol], table->code.length[symbol]);
		put(bits, table->extra[i], extra_bits(symbol));
	}
	const uint16_t *code = coding->literals.code;
	const uint8_t *length = coding->literals.length;
	size_t i = 0;
	for (; i + 3 <= size; i += 3) {
		uint64_t three = code[data[i]];
		unsigned have = length[data[i]];
		three |= (uint64_t)code[data[i + 1]] << have;
		have += length[data[i + 1]];
		three |= (uint64_t)code[data[i + 2]] << have;
		have += length[data[i + 2]];
		put(bits, three, have);
	}
	for (; i < size; i++)
		put(bits, code[data[i]], length[data[i]]);
	put(bits, code[END_OF_BLOCK], length[END_OF_BLOCK]);
}

static void put_stored(struct bits *bits, const unsigned char *data, size_t size, bool last)
{
	do {
		size_t piece = size < MAX_STORED ? size : MAX_STORED;
		put(bits, last && piece == size ? 1 : 0, 3);
		align(bits);
		put(bits, piece | (piece ^ MAX_STORED) << 16, 32);
		memcpy(bits->at, data, piece);
		bits->at += piece;
		data += piece;
		size -= piece;
	} while (size > 0);
}

static void put_block(struct bits *bits, const unsigned char *data, size_t size, const uint32_t counts[CODES], bool last)
{
	struct coding coding;
	bool stored = cost_of(counts, size) == stored_bits(size);
	if (!stored) {
		make_coding(&coding, counts);
		stored = bits_of(&coding, counts) >= 8 * (uint64_t)size;
	}
	if (stored)
		put_stored(bits, data, size, last);
	else
		put_coded(bits, &coding, data, size, last);
}

size_t literals_bound(size_t size)
{
	// As it is, but for the heads of stored blocks, each of which is a step or longer, and what put() writes behind its end.
	return GZIP_HEADER + GZIP_TRAILER + size + 8 * (size / STEP + 1) + sizeof(uint64_t);
}

size_t literals_member(const unsigned char *data, size_t size, unsigned char *out)
{
	// Deflate, no flags, no time, nothing of the way, no system.
	static const unsigned char header[GZIP_HEADER] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
	memcpy(out, header, sizeof header);
	struct bits bits = {.at = out + sizeof header};
	size_t at = 0;
	do {
		uint32_t counts[CODES];
		size_t block = block_end(data + at, size - at, counts);
		put_block(&bits, data + at, block, counts, at + block == size);
		at += block;
	} while (at < size);
	align(&bits);
	put(&bits, libdeflate_crc32(0, data, size), 32);
	put(&bits, (uint32_t)size, 32);
	return (size_t)(bits.at - out);
}

size_t literals_size(const unsigned char *data, size_t size)
{
	uint32_t counts[CODES];
	struct coding coding;
	count(data, size, counts);
	make_coding(&coding, counts);
	uint64_t coded = bits_of(&coding, counts), stored = stored_bits(size);
	return (size_t)((coded < stored ? coded : stored) + 7) / 8;
}
