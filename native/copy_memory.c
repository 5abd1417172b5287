// SPDX-License-Identifier: Apache-2.0
#include "copy_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "owner.h"
#include "path.h"

// What the kernel calls an open directory: its path without symlinks. NULL where it cannot say.
static char *kernel_path(int fd)
{
	char link[32], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path);
	return length <= 0 || (size_t)length == sizeof path ? NULL : strndup(path, (size_t)length);
}

// Where an open directory is below the top of the destination; within `path`, which is from kernel_path. NULL: it is not.
static char *below_top(const struct copy_memory *memory, char *path)
{
	size_t top = strlen(memory->top);
	if (path == NULL || strncmp(path, memory->top, top) != 0)
		return NULL;
	// The top is `/` where it is a mount of its own.
	if (memory->top[top - 1] == '/')
		return path + top;
	return path[top] == '/' ? path + top + 1 : path[top] == '\0' ? path + top : NULL;
}

// What is listed of an open directory.
static struct unmade_dir *listing_of(const struct copy_memory *memory, int fd)
{
	cleanup_free char *path = kernel_path(fd);
	const char *below = below_top(memory, path);
	return below == NULL ? NULL : unmade_find(&memory->unmade, below);
}

// What is listed of the parent that dirs_parent has just given.
static struct unmade_dir *parent_listing(struct copy_memory *memory)
{
	if (!memory->lists)
		return NULL;
	if (memory->listed != memory->dirs->opened) {
		memory->listing = listing_of(memory, memory->dirs->fd);
		memory->listed = memory->dirs->opened;
	}
	return memory->listing;
}

// Notes a directory that was made: nothing else is in it, so files in it need not be made. `parent`: what is listed where it is.
static int list_directory(struct copy_memory *memory, int fd, struct unmade_dir *parent, const char *name)
{
	cleanup_free char *path = kernel_path(fd);
	const char *below = below_top(memory, path);
	// A directory whose path the kernel cannot tell, because it is too long, has its files made.
	if (below != NULL && unmade_add(&memory->unmade, below) == NULL)
		return -1;
	int was_listed = parent == NULL ? 0 : unmade_made(parent, name);
	if (was_listed > 0)
		errno = ENOTDIR;
	return was_listed == 0 ? 0 : -1;
}

int copy_memory_made_directory(struct copy_memory *memory, int fd, const char *name)
{
	return memory->lists ? list_directory(memory, fd, parent_listing(memory), name) : 0;
}

// A directory that was made on the way to another, for dirs.
static int on_implied(int fd, const char *path, void *context)
{
	struct copy_memory *memory = context;
	cleanup_fd int parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return -1;
	const char *slash = strrchr(path, '/');
	return list_directory(memory, fd, listing_of(memory, parent), slash == NULL ? path : slash + 1);
}

void copy_memory_list(struct copy_memory *memory, int to_fd)
{
	memory->top = kernel_path(to_fd);
	memory->lists = memory->top != NULL;
	if (!memory->lists)
		return;
	memory->dirs->implied = on_implied;
	memory->dirs->context = memory;
}

int copy_memory_made(struct copy_memory *memory, const char *name)
{
	struct unmade_dir *listing = parent_listing(memory);
	return listing != NULL && unmade_made(listing, name) < 0 ? -1 : 0;
}

#define FOLLOWED 'l'
#define AS_NAMED '.'

// How the content of a file is found later.
static char *content_of(struct copy_place place)
{
	char *where = malloc(strlen(place.from) + 2);
	if (where == NULL)
		return NULL;
	where[0] = place.followed ? FOLLOWED : AS_NAMED;
	strcpy(where + 1, place.from);
	return where;
}

int copy_memory_note(struct copy_memory *memory, int fd, uint64_t size, struct copy_place place)
{
	struct stat status;
	if (size == 0)
		return 0;
	if (ftruncate(fd, (off_t)size) < 0 || fstat(fd, &status) < 0)
		return -1;
	cleanup_free char *where = content_of(place);
	return where == NULL ? -1 : links_put(&memory->contents, 0, status.st_ino, where);
}

int copy_memory_list_file(struct copy_memory *memory, const struct entry *entry, const char *name, struct copy_place place)
{
	// The kernel has a word in what becomes of attributes, and of owners that are not mapped.
	bool plain = entry->nlink == 1 && entry->xattrs.count == 0 &&
		     ((entry->uid == 0 && entry->gid == 0) || !in_user_namespace());
	struct unmade_dir *listing = plain ? parent_listing(memory) : NULL;
	if (listing == NULL)
		return 0;
	cleanup_free char *where = content_of(place);
	return where == NULL ? -1 : unmade_put(listing, name, entry, where);
}

int copy_memory_listed_content(const char *where, void *context)
{
	struct copy_memory *memory = context;
	struct stat source;
	const char *last;
	int fd = -1;
	if (*where == FOLLOWED) {
		fd = path_open(memory->source->root, where + 1, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	} else {
		int parent = parent_open(memory->source, where + 1, &last);
		fd = parent < 0 ? -1 : content_open(parent, last);
	}
	if (fd >= 0 && (fstat(fd, &source) < 0 || !S_ISREG(source.st_mode))) {
		close(fd);
		errno = ENOENT; // exchanged since it was looked at
		return -1;
	}
	return fd;
}

int copy_memory_content(const struct stat *status, void *context)
{
	struct copy_memory *memory = context;
	const char *where = links_find(&memory->contents, 0, status->st_ino);
	return where == NULL ? -2 : copy_memory_listed_content(where, context); // -2: it has its bytes itself: data, or nothing
}

void copy_memory_free(struct copy_memory *memory)
{
	links_free(&memory->contents);
	unmade_free(&memory->unmade);
	free(memory->top);
}
