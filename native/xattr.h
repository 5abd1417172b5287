// SPDX-License-Identifier: Apache-2.0
// Extended attributes that belong to an image: which ones, reading them sorted, writing them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

struct xattr {
	const char *name;
	const unsigned char *value;
	size_t size;
};

/// A sorted list; names and values live in `text`.
struct xattrs {
	struct xattr *list;
	size_t count;
	struct bytes text;
};

/// True for `security.capability` and `user.*` except what overlayfs and tsbuild keep there for themselves.
bool xattr_allowed(const char *name);

/// Reads the allowed attributes of a regular file or directory: of `fd` itself (name NULL; O_PATH will do), or of `name` in
/// the directory `fd` (a final symlink is not followed). A file system without attributes has none. 0, or -1 with errno.
int xattrs_read(int fd, const char *name, struct xattrs *out);

/// Sets all of `xattrs` on `fd` (open for reading or writing). `*lost` counts those that the file system or the user
/// namespace does not take (ENOTSUP, EPERM); `*lost` NULL: that is an error too.
int xattrs_write(int fd, const struct xattrs *xattrs, size_t *lost);

/// Removes the allowed attributes and the opaque mark of an open directory, so that others can take their place.
int xattrs_clear(int fd);

bool xattrs_equal(const struct xattrs *a, const struct xattrs *b);
void xattrs_free(struct xattrs *xattrs);
#define cleanup_xattrs __attribute__((cleanup(xattrs_free)))

/// The attribute in which overlayfs marks a directory that hides the one below: trusted.* for the machine's root, user.* inside
/// a user namespace (mount option userxattr).
const char *opaque_xattr(void);
/// 1 marked, 0 not, -1 with errno.
int opaque_get(int directory);
int opaque_set(int directory);

/// Says of a directory of a layer that deletions may be in it: where nothing is below it, overlayfs would list them as files. 0, or -1
/// with errno.
int whiteouts_announce(int directory);
