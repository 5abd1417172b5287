// SPDX-License-Identifier: Apache-2.0
// Stacking layers with the program fuse-overlayfs, where the kernel's overlayfs cannot be had.
#pragma once

#include <stddef.h>

#include "spec.h"

/// What is stacked, by descriptor, topmost first; upper and scratch -1: read-only.
struct fuse_stack {
	const int *lowers;
	size_t n_lowers;
	int upper;
	int scratch;
};

/// A descriptor of a detached mount. The program ends with the mount, and with us. -1: reported.
int fuse_mount(const struct root *root, const struct fuse_stack *stack);

/// When the mount that writes to this upper is closed: waits for its program, and turns the marks that it left into
/// overlayfs' own. Nothing to do: 0. -1: reported.
int fuse_finish(int layers, const char *upper);
