// SPDX-License-Identifier: Apache-2.0
// File systems as detached mounts, which vanish with the process.
#ifndef TSBUILD_MOUNT_H
#define TSBUILD_MOUNT_H

#include <stdbool.h>

/* A new detached tmpfs with these options (`mode=755`, ..., NULL-terminated). -1: errno. */
int tmpfs_new(const char *const *options, unsigned attributes);
/* A new detached mount of a file system of the kernel's own (`proc`, `sysfs` ...), with options. -1: errno. */
int fs_new(const char *type, const char *const *options, unsigned attributes);
/* A detached clone of the tree at fd (an attached mount or below one). -1: errno. */
int mount_clone(int fd, bool recursive);
/* Sets attributes (MOUNT_ATTR_*) on a mount and, if recursive, on those below it. -1: errno. */
int mount_restrict(int mount, unsigned attributes, bool recursive);
/* Makes the whole file system of a mount read-only. -1: errno (EBUSY: a file is open for writing). */
int mount_end_writes(int mount);
/* Attaches a detached mount over the file or directory at target (never follows it). -1: errno. */
int mount_attach(int mount, int target);

#endif
