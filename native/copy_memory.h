// SPDX-License-Identifier: Apache-2.0
// A destination of `copy` that is in memory: its files have sizes but no content, which the archive takes from the source. Plain files
// in directories that are new are not even made there, but listed.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "dirs.h"
#include "entry.h"
#include "links.h"
#include "tree.h"
#include "unmade.h"

struct copy_memory {
	bool on; // the destination is in memory
	bool lists; // plain files of new directories instead of making them
	struct dirs *dirs; // of the destination
	struct parent_cache *source;
	struct links contents; // inode of the destination to the path in the source, a letter before it
	struct unmade unmade;
	struct unmade_dir *listing; // of the parent that was opened as the `listed`th; NULL: what is in it is made
	size_t listed;
	char *top; // the path of the destination as the kernel has it
};

/// A file's place in the source. `followed`: as FOLLOW of an order says.
struct copy_place {
	const char *from;
	bool followed;
};

/// Begins to list, where the kernel can tell the path of the destination.
void copy_memory_list(struct copy_memory *memory, int to_fd);

/// Notes a directory that was made in the parent that dirs_parent has just given: nothing else is in it, so files in it need not be made.
/// -1 with errno; ENOTDIR when a file was listed under its name.
int copy_memory_made_directory(struct copy_memory *memory, int fd, const char *name);

/// Something of that name is made in the parent that dirs_parent has just given. -1 with errno.
int copy_memory_made(struct copy_memory *memory, const char *name);

/// Lists a file in the parent that dirs_parent has just given. 1: done, 0: it has to be made, -1 with errno.
int copy_memory_list_file(struct copy_memory *memory, const struct entry *entry, const char *name, struct copy_place place);

/// In place of content: the size, and where the content is when it is asked for. -1 with errno.
int copy_memory_note(struct copy_memory *memory, int fd, uint64_t size, struct copy_place place);

/// The content of a file of the destination, and of a listed one, for diff_write; `context` is the struct copy_memory.
int copy_memory_content(const struct stat *status, void *context);
int copy_memory_listed_content(const char *where, void *context);

void copy_memory_free(struct copy_memory *memory);
