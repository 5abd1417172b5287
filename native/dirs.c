// SPDX-License-Identifier: Apache-2.0
// Parent directories of a writing verb. Invariant: whatever is written below a directory that existed before leaves its mtime
// as it was, so that the same input on the same tree gives the same layer.
#include "dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

struct dir_time {
	char *path; // NULL: empty slot
	dev_t dev;
	ino_t ino;
	struct timespec mtime;
};

static struct dir_time *slot(struct dir_time *table, size_t capacity, dev_t dev, ino_t ino)
{
	uint64_t hash = ((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15u;
	for (size_t i = (hash >> 32) & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
		if (table[i].path == NULL || (table[i].dev == dev && table[i].ino == ino))
			return &table[i];
	}
}

static int grow(struct dirs *dirs)
{
	size_t capacity = dirs->capacity == 0 ? 64 : dirs->capacity * 2;
	struct dir_time *table = calloc(capacity, sizeof *table);
	if (table == NULL)
		return -1;
	for (size_t i = 0; i < dirs->capacity; i++) {
		const struct dir_time *old = &dirs->table[i];
		if (old->path != NULL)
			*slot(table, capacity, old->dev, old->ino) = *old;
	}
	free(dirs->table);
	dirs->table = table;
	dirs->capacity = capacity;
	return 0;
}

// The analyser (gcc 12) loses a pointer that is stored at an index that it does not know, and calls it leaked.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
static int record(struct dirs *dirs, int fd, const char *path, const struct timespec *mtime)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return -1;
	if (dirs->count * 2 >= dirs->capacity && grow(dirs) < 0)
		return -1;
	struct dir_time *entry = slot(dirs->table, dirs->capacity, status.st_dev, status.st_ino);
	if (entry->path != NULL && mtime == NULL)
		return 0;
	dirs->count += entry->path == NULL;
	free(entry->path);
	entry->path = strdup(path);
	if (entry->path == NULL)
		return -1; // the table is not used again: the verb ends
	entry->dev = status.st_dev;
	entry->ino = status.st_ino;
	entry->mtime = mtime ? *mtime : status.st_mtim;
	return 0;
}
#pragma GCC diagnostic pop

int dirs_note(struct dirs *dirs, int fd, const char *path)
{
	return record(dirs, fd, path, NULL);
}

int dirs_set(struct dirs *dirs, int fd, const char *path, struct timespec mtime)
{
	return record(dirs, fd, path, &mtime);
}

static int on_made(int fd, const char *path, void *context)
{
	struct dirs *dirs = context;
	if (dirs_set(dirs, fd, path, (struct timespec){.tv_sec = dirs->made.mtime}) < 0)
		return -1;
	return dirs->implied == NULL ? 0 : dirs->implied(fd, path, dirs->context);
}

void dirs_init(struct dirs *dirs, int root, const struct path_made *made)
{
	*dirs = (struct dirs){.root = root, .made = *made, .fd = -1};
	dirs->made.call = on_made;
	dirs->made.context = dirs;
}

void dirs_forget(struct dirs *dirs)
{
	if (dirs->fd >= 0)
		close(dirs->fd);
	dirs->fd = -1;
	free(dirs->path);
	dirs->path = NULL;
}

int dirs_parent(struct dirs *dirs, const char *path, const char **last)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (!name_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	*last = name;
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (dirs->path != NULL && strncmp(dirs->path, path, length) == 0 && dirs->path[length] == '\0')
		return dirs->fd;
	dirs_forget(dirs);
	cleanup_free char *parent = strndup(path, length);
	if (parent == NULL)
		return -1;
	dirs->made.context = dirs;
	cleanup_fd int fd = path_make_dirs(dirs->root, parent, &dirs->made);
	if (fd < 0 || dirs_note(dirs, fd, parent) < 0)
		return -1;
	dirs->opened++;
	dirs->path = parent;
	parent = NULL;
	dirs->fd = fd;
	fd = -1;
	return dirs->fd;
}

static int settle(int root, const struct dir_time *entry)
{
	cleanup_fd int fd = path_open(root, entry->path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	struct stat status;
	if (fstat(fd, &status) < 0)
		return -1;
	if (status.st_dev != entry->dev || status.st_ino != entry->ino)
		return 0;
	if (status.st_mtim.tv_sec == entry->mtime.tv_sec && status.st_mtim.tv_nsec == entry->mtime.tv_nsec)
		return 0;
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, entry->mtime};
	return futimens(fd, times);
}

int dirs_finish(struct dirs *dirs)
{
	for (size_t i = 0; i < dirs->capacity; i++) {
		if (dirs->table[i].path != NULL && settle(dirs->root, &dirs->table[i]) < 0)
			return -1;
	}
	return 0;
}

void dirs_free(struct dirs *dirs)
{
	dirs_forget(dirs);
	for (size_t i = 0; i < dirs->capacity; i++)
		free(dirs->table[i].path);
	free(dirs->table);
	dirs->table = NULL;
	dirs->capacity = dirs->count = 0;
}
