// SPDX-License-Identifier: Apache-2.0
// Roots: stacks of layers and plain directories, as descriptors.
#pragma once

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
/*
 * A detached overlay mount of a directory of the host, open for reading, with the root's upper above it, which takes the writes.
 * The root has nothing else. -1: reported.
 */
int root_open_over(const struct root *root, int below);
/* True when root_open gives a directory of the host's file system, and not a mount of the root's own. */
bool root_is_directory(const struct root *root);
/*
 * Closes fd (-1: it is closed already); with the copy driver, what was written becomes the upper now. Then the upper is whole,
 * and only root_tidy is left to do. -1: reported.
 */
int root_leave(const struct root *root, int fd);
/* Drops the driver's scratch directory: on some disks that takes longer than a step. -1: reported. */
int root_tidy(const struct root *root);
/* Both. */
int root_close(const struct root *root, int fd);

/* One of the store's two directories that are the helper's (`snapshots`, `cache-mounts`), made when missing. -1: errno. */
int store_dir_open(int store, const char *name);
