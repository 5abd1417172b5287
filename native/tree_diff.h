// SPDX-License-Identifier: Apache-2.0
// A tree as tar: what an upper directory changes, or everything.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct unmade;

struct diff_source {
	int upper; // top of the tree that is written, open for reading
	int lower; // top of what it is compared with, or -1
	bool layer; // what changed, with deletions; otherwise all there is
	bool whole; // of a layer: both are whole trees, and what only the lower has is gone
	int64_t clamp; // latest mtime that is written
	const int64_t *one_time; // the mtime of everything; NULL: each has its own
	const char *directory; // of the archive, in which everything is; NULL: none
	uint64_t limit; // bytes that the archive may have; 0: any number
	bool leave_open; // of diff_write_layer: what it opens stays open, for a process that ends soon; closing takes the kernel long
	bool too_large; // out: it would have more; what was written is of no use, and nothing was reported
	struct unmade *unmade; // files that the upper has beside those in it; NULL: none
	int (*unmade_content)(const char *content, void *context); // a descriptor, or -1 with errno
	// Where the bytes of a regular file are, when not in the upper: a descriptor, -1 with errno, or -2 for the upper. May be
	// NULL.
	int (*content)(const struct stat *status, void *context);
	void *context;
};

/// Writes the archive to `out`. -1: reported, or too large.
int diff_write(struct diff_source *source, int out);

struct root;

/// Writes what the upper of a stack (or `source->upper`, if that is open) changes in the layers below it.
int diff_write_layer(struct diff_source *source, const struct root *root, int out);
