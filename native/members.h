// SPDX-License-Identifier: Apache-2.0
// A block as gzip members: what repeats itself compressed by libdeflate, and what does not without looking for matches.
#pragma once

#include <libdeflate.h>
#include <stddef.h>

// Large enough that a block's own dictionary and trees cost little (0.5 % against one stream), small enough to keep every
// core busy.
#define MEMBERS_BLOCK (1u << 20)

/// Room for the members of a block.
size_t members_bound(struct libdeflate_compressor *compressor);

/// Writes up to MEMBERS_BLOCK bytes as one or more gzip members; the result is their size, or 0 when one did not fit. It depends on nothing but the data and the
/// level, which is the compressor's.
size_t members_of(struct libdeflate_compressor *compressor, int level, const unsigned char *data, size_t size, unsigned char *out);
