// SPDX-License-Identifier: Apache-2.0
// A block as gzip members. Members share nothing, so a cut loses the window behind it; the data that is written without matches is at
// least as long as the window, therefore, and nothing behind it could have referred to what is before it.
#include "members.h"

#include <stdbool.h>

#include "literals.h"
#include "repeats.h"

#define UNITS (MEMBERS_BLOCK / REPEATS_UNIT)

// What is decided at once: as long as the window of deflate, up to twice as long.
#define MIN_STRETCH (32768 / REPEATS_UNIT)
#define MAX_STRETCH (2 * MIN_STRETCH)

// Matches are left out where they would save less than a part in WORTH of what is tried.
#define WORTH 64
#define TRIED 2048

size_t members_bound(struct libdeflate_compressor *compressor)
{
	// Every second member is as long as a stretch, and each is a little longer than its data at most.
	size_t each = literals_bound(0) + libdeflate_gzip_compress_bound(compressor, 0);
	return literals_bound(MEMBERS_BLOCK) + libdeflate_gzip_compress_bound(compressor, MEMBERS_BLOCK) + UNITS / MIN_STRETCH * each;
}

// Tries it in the middle of some units. `out` has room for it.
static bool saves_nothing(struct libdeflate_compressor *compressor, const unsigned char *data, size_t units, unsigned char *out)
{
	const unsigned char *tried = data + units / 2 * REPEATS_UNIT;
	size_t bound = libdeflate_deflate_compress_bound(compressor, TRIED), literals = literals_size(tried, TRIED);
	// Noise has no matches; the trial would only take time.
	return literals >= TRIED || libdeflate_deflate_compress(compressor, tried, TRIED, out, bound) * WORTH > literals * (WORTH - 1);
}

static size_t run_of(const bool *units, size_t from, size_t end)
{
	size_t run = 1;
	while (from + run < end && units[from + run] == units[from])
		run++;
	return run;
}

// Makes of the units that repeat themselves those for which matches are looked for.
static void decide(struct libdeflate_compressor *compressor, const unsigned char *data, size_t units, bool *matched, unsigned char *out)
{
	for (size_t from = 0, run; from < units; from += run) {
		run = run_of(matched, from, units);
		if (matched[from])
			continue;
		size_t stretches = run < MIN_STRETCH ? 1 : (run + MAX_STRETCH - 1) / MAX_STRETCH;
		for (size_t i = 0; i < stretches; i++) {
			size_t begin = from + run * i / stretches, end = from + run * (i + 1) / stretches;
			bool left_out = run >= MIN_STRETCH && saves_nothing(compressor, data + begin * REPEATS_UNIT, end - begin, out);
			for (size_t unit = begin; unit < end; unit++)
				matched[unit] = !left_out;
		}
	}
}

size_t members_of(struct libdeflate_compressor *compressor, int level, const unsigned char *data, size_t size, unsigned char *out)
{
	bool matched[UNITS] = {true}; // that there is one, for data without a byte
	size_t units = (size + REPEATS_UNIT - 1) / REPEATS_UNIT, at = 0, bound = members_bound(compressor);
	if (level == 0) // as it is, all of it
		return libdeflate_gzip_compress(compressor, data, size, out, bound);
	repeats_find(data, size, matched);
	decide(compressor, data, units, matched, out);
	for (size_t from = 0, run; from < units || from == 0; from += run) {
		run = run_of(matched, from, units);
		const unsigned char *begin = data + from * REPEATS_UNIT;
		size_t length = from + run >= units ? size - from * REPEATS_UNIT : run * REPEATS_UNIT;
		size_t member = matched[from] ? libdeflate_gzip_compress(compressor, begin, length, out + at, bound - at) :
						literals_member(begin, length, out + at);
		if (member == 0)
			return 0;
		at += member;
	}
	return at;
}
