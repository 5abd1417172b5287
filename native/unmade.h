// SPDX-License-Identifier: Apache-2.0
// Files of a tree in memory that are listed instead of made: an inode costs the kernel more than reading what would be in it. They
// are only in directories that were made in this tree, in which nothing else can be.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "entry.h"

struct unmade_file {
	char *name;
	char *content; // what its owner knows its bytes by; NULL: something that was made has the name
	uint64_t size;
	int64_t mtime;
	uint32_t mode, uid, gid;
};

/// A directory that was made, and the names in it.
struct unmade_dir {
	char *path; // below the top of the tree, without symlinks
	struct unmade_file *files;
	size_t count;
	uint32_t *slots; // a hash table of indices into `files`, from 1
	size_t capacity;
};

struct unmade {
	struct unmade_dir **table; // a hash table by path
	size_t count;
	size_t capacity;
};

/// The directory with that path, or NULL.
struct unmade_dir *unmade_find(const struct unmade *unmade, const char *path);

/// Notes a directory that was made just now. NULL with ENOMEM.
struct unmade_dir *unmade_add(struct unmade *unmade, const char *path);

/// Lists a file, in the place of one listed under its name. 1: done, 0: something that was made has the name, -1 with ENOMEM.
int unmade_put(struct unmade_dir *dir, const char *name, const struct entry *entry, const char *content);

/// Notes that something of that name is made. 1: a file was listed under it, and is no more; 0: there was none; -1 with ENOMEM.
int unmade_made(struct unmade_dir *dir, const char *name);

/// Puts the files in the order of their names. Nothing may be added after that.
void unmade_sort(struct unmade_dir *dir);

void unmade_free(struct unmade *unmade);
