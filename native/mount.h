// SPDX-License-Identifier: Apache-2.0
// Roots as mounts: overlayfs stacks and plain directories, as detached mounts that vanish with the process.
#ifndef TSBUILD_MOUNT_H
#define TSBUILD_MOUNT_H

#include <stdbool.h>

#include "spec.h"

/*
 * A descriptor of the root directory: of a detached overlay mount, or of the directory itself where no overlay is needed.
 * writable: the upper takes writes (it is made when missing). Not writable: an upper is read as the topmost lower.
 * Call after ns_enter. -1: reported.
 */
int root_open(const struct root *root, bool writable);
/*
 * As root_open for writing, but what is written goes into memory and is gone with the process. `*upper`: the directory in
 * that memory which takes the writes, open for reading. The root has no upper of its own.
 */
int root_open_in_memory(const struct root *root, int *upper);
/* True when root_open gives a directory of the host's file system, and not a mount of the root's own. */
bool root_is_directory(const struct root *root);
/*
 * Closes fd (-1: it is closed already) and drops the driver's scratch directory; with the copy driver, what was written
 * becomes the upper now. -1: reported.
 */
int root_close(const struct root *root, int fd);

/* One of the store's two directories that are the helper's (`snapshots`, `cache-mounts`), made when missing. -1: errno. */
int store_dir_open(int store, const char *name);
/* A new detached tmpfs with these options (`mode=755`, ..., NULL-terminated). -1: errno. */
int tmpfs_new(const char *const *options, unsigned attributes);
/* A new detached mount of a file system of the kernel's own (`proc`, `sysfs` ...), with options. -1: errno. */
int fs_new(const char *type, const char *const *options, unsigned attributes);
/* A detached clone of the tree at fd (an attached mount or below one). -1: errno. */
int mount_clone(int fd, bool recursive);
/* Sets attributes (MOUNT_ATTR_*) on a mount and, if recursive, on those below it. -1: errno. */
int mount_restrict(int mount, unsigned attributes, bool recursive);
/* Attaches a detached mount over the file or directory at target (never follows it). -1: errno. */
int mount_attach(int mount, int target);

#endif
