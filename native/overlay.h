// SPDX-License-Identifier: Apache-2.0
// Directories stacked by the kernel's overlayfs.
#pragma once

#include <stddef.h>

#define MAX_LAYERS 500 /* overlayfs' own limit */

/* What an overlay is made of, top first, by descriptor; -1: none. */
struct stack {
	int lowers[MAX_LAYERS];
	size_t n_lowers;
	int upper;
	int scratch;
};

/* A detached mount of the stack; read-only without an upper. -1: errno. */
int overlay_mount(const struct stack *stack);
/* What to do about a failure of overlay_mount, or NULL. */
const char *overlay_hint(int err);
