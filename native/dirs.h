// SPDX-License-Identifier: Apache-2.0
// The directories that a writing verb goes through: the last parent stays open, and every directory's mtime is settled at
// the end, because it changes with each child.
#pragma once

#include <sys/stat.h>

#include "path.h"

struct dir_time;

struct dirs {
	int root;
	struct path_made made; // for missing parents; its call and context are set by dirs_init
	int (*implied)(int fd, const char *path, void *context); // told of each missing parent that was made; may be NULL
	void *context;
	size_t opened; // parents so far: another number, another parent
	char *path; // of the parent in `fd`; NULL: none
	int fd;
	struct dir_time *table; // open addressing by (device, inode)
	size_t count;
	size_t capacity;
};

/// `made` describes missing parents. The root stays the caller's.
void dirs_init(struct dirs *dirs, int root, const struct path_made *made);

/// The parent directory of `path` (made when missing), valid until the next call; `*last` points at the last component.
/// -1 with errno as path_make_dirs and path_open_parent.
int dirs_parent(struct dirs *dirs, const char *path, const char **last);

/// Something that was in the tree was replaced: the cached parent may no longer be what its path says.
void dirs_forget(struct dirs *dirs);

/// Remembers the mtime that a directory has now, to put it back; one that is known already keeps what is recorded.
int dirs_note(struct dirs *dirs, int fd, const char *path);

/// Sets the mtime that a directory shall have in the end.
int dirs_set(struct dirs *dirs, int fd, const char *path, struct timespec mtime);

/// Settles all times. A directory that is no longer at its path is left alone.
int dirs_finish(struct dirs *dirs);
void dirs_free(struct dirs *dirs);
#define cleanup_dirs __attribute__((cleanup(dirs_free)))
