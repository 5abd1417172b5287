// SPDX-License-Identifier: Apache-2.0
// Copying one layer over a tree, as overlayfs would show it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "links.h"

/// Where a copied regular file comes from, and its ctime when it was done.
struct origin {
	ino_t copy;
	ino_t source;
	struct timespec changed;
};

struct merge {
	int root; // the tree that is written
	bool remember; // where regular files come from
	struct links links;
	struct origin *origins;
	size_t n_origins;
	size_t capacity;
};

/// Copies the layer at `layer` over merge->root, deletions and opaque directories applied. 0, or -1 with errno.
int merge_layer(struct merge *merge, int layer);
void merge_free(struct merge *merge);
