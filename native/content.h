// SPDX-License-Identifier: Apache-2.0
// The bytes of regular files: copying and comparing.
#pragma once

#include <stdint.h>

/// Opens a file of an open directory for reading: not through a symlink, never waiting, and without a new access time where its
/// owner's rights allow (a file just written would have its inode written again). A descriptor, or -1 with errno.
int content_open(int parent, const char *name);

/// Copies all of `in` (both at offset 0; `out` empty) the cheapest way that the file systems allow: a shared extent, a copy
/// in the kernel, or read and write. Holes of large files stay holes. 0, or -1 with errno.
int content_copy(int in, int out, uint64_t size);

/// 1 the same bytes, 0 not, -1 with errno.
int content_equal(int a, int b);
