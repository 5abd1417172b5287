// SPDX-License-Identifier: Apache-2.0
// A hash table of places, as in a compressor, but few places are put down and only a part of each unit is looked up.
#include "repeats.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WINDOW 32768
#define TABLE_BITS 14
#define PUT_EVERY 16
// A repetition is so long, because shorter ones save hardly more than codes of bytes do.
#define MATCH 6
// What is looked up of a unit: a piece of each part of it, since something else may begin anywhere. And how many bytes of it must be
// repetitions.
#define PARTS 4
#define PART (REPEATS_UNIT / PARTS)
#define LOOKED_UP 128
#define ENOUGH 16

static uint64_t word_at(const unsigned char *data)
{
	uint64_t word;
	memcpy(&word, data, sizeof word);
	return le64toh(word) << (64 - 8 * MATCH);
}

static uint32_t slot_of(uint64_t word)
{
	return (uint32_t)(word * 0x9e3779b185ebca87u >> (64 - TABLE_BITS));
}

// Places are kept by their lower 16 bits: twice the window, and what is older is found out by comparing.
static bool is_repeated(const uint16_t *table, const unsigned char *data, size_t at, size_t *distance)
{
	uint64_t word = word_at(data + at);
	*distance = (uint16_t)(at - table[slot_of(word)]);
	return *distance > 0 && *distance <= WINDOW && *distance <= at && word_at(data + at - *distance) == word;
}

static void put(uint16_t *table, const unsigned char *data, size_t at)
{
	table[slot_of(word_at(data + at))] = (uint16_t)at;
}

// How many bytes of what is looked up are repetitions; it stops when they are enough.
static size_t look_up(const uint16_t *table, const unsigned char *data, size_t begin)
{
	size_t found = 0, end = begin + LOOKED_UP;
	for (size_t at = begin; at < end && found < ENOUGH;) {
		size_t distance, length = 1;
		if (is_repeated(table, data, at, &distance)) {
			length = MATCH;
			while (at + length < end && data[at + length] == data[at + length - distance])
				length++;
			found += length;
		}
		at += length;
	}
	return found;
}

// Places before `end` are put down; at each of them there is a whole word.
static bool unit_repeats(uint16_t *table, const unsigned char *data, size_t begin, size_t end)
{
	size_t found = 0, at = begin;
	for (size_t part = 0; part < PARTS; part++) {
		size_t piece = begin + (part + 1) * PART - sizeof(uint64_t) - LOOKED_UP;
		for (; at < piece; at += PUT_EVERY)
			put(table, data, at);
		if (found < ENOUGH)
			found += look_up(table, data, piece);
	}
	for (; at < end; at += PUT_EVERY)
		put(table, data, at);
	return found >= ENOUGH;
}

void repeats_find(const unsigned char *data, size_t size, bool *repeats)
{
	uint16_t table[1 << TABLE_BITS] = {0};
	bool last = true;
	for (size_t begin = 0; begin < size; begin += REPEATS_UNIT) {
		size_t end = begin + REPEATS_UNIT;
		if (end <= size)
			last = unit_repeats(table, data, begin, end + sizeof(uint64_t) <= size ? end : size - sizeof(uint64_t));
		repeats[begin / REPEATS_UNIT] = last;
	}
}
