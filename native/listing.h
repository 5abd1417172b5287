// SPDX-License-Identifier: Apache-2.0
// A list of a tree: the entry that it starts at and what is below it, parents before children, children in the order of their
// bytes, symlinks not followed. In a large tree several threads walk.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct folder;

struct listing {
	uint32_t depth; // 0: only the start
	const char **prune; // paths below the start that are not entered; sorted by the walk
	size_t n_prune;
	bool silent; // only the fingerprint is wanted
	struct folder *top; // what was found
	char *failed; // path below the start
};

/// Walks from what is open at `start` (O_PATH will do). 1: done, 0: a whiteout is there, -1 with errno; `failed` says where. What
/// vanishes meanwhile is left out. The listing must be freed in each case.
int listing_walk(struct listing *listing, int start);

/// Sends the records in frames `l` unless it is silent, then a frame `d`: the fingerprint (sha256), and seconds and nanoseconds of the
/// last change. There are no extended attributes in a fingerprint: their every change changes the time of the inode, and reading them
/// takes as long as all the rest. 0, or -1 with errno.
int listing_send(const struct listing *listing, struct wire *wire);

void listing_free(struct listing *listing);
#define cleanup_listing __attribute__((cleanup(listing_free)))
