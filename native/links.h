// SPDX-License-Identifier: Apache-2.0
// Files with several names: which path an inode was written to first.
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct link_slot;

struct links {
	struct link_slot *table;
	size_t count;
	size_t capacity;
};

/// The path that the inode was recorded with, or NULL.
const char *links_find(const struct links *links, dev_t dev, ino_t ino);
/// Records (a copy of) `path`, in place of an earlier one. 0, or -1 with ENOMEM.
int links_put(struct links *links, dev_t dev, ino_t ino, const char *path);
void links_free(struct links *links);
