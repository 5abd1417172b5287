// SPDX-License-Identifier: Apache-2.0
// Opening paths below a root. path.c is the only file that gives the kernel a path of more than one component.
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/// Opens `path` below `root`, as openat does; symlinks, `..` and a leading `/` stay inside the root, magic links
/// (/proc/PID/fd ...) are refused. `""` is the root itself. Always close-on-exec. Returns a descriptor, or -1 with errno.
int path_open(int root, const char *path, int flags, mode_t mode);

/// Opens the directory that holds the last component of `path` and points `*last` at that component inside `path`
/// (which must outlive it). Trailing slashes, `.` and `..` as last component: -1 with EINVAL. The root itself: EISDIR.
int path_open_parent(int root, const char *path, const char **last);

/// Called for each directory that path_make_dirs made, top first. `fd` is open for reading, `path` relative to the root.
typedef int path_made_fn(int fd, const char *path, void *context);

/// What the directories made on the way get.
struct path_made {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	time_t mtime;
	path_made_fn *call; // may be NULL
	void *context;
};

/// mkdir -p inside the root. Directories that exist are untouched, their times included (those of a directory that gains
/// a child are put back). A dangling symlink on the way is followed inside the root and its target made. Returns a
/// descriptor (O_RDONLY) of the last directory, or -1 with errno (ENOTDIR: something else stands in the way).
int path_make_dirs(int root, const char *path, const struct path_made *made);

/// True for a name that is one path component: not empty, not `.` or `..`, no `/`, at most 255 bytes.
bool name_valid(const char *name);
