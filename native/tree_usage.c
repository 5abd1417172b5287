// SPDX-License-Identifier: Apache-2.0
// The verb `usage`: what directories of the store take on the disk, as du counts it (allocated blocks; a file with several
// names once for each directory). Nothing is followed and nothing changed. Trees may be of any depth and may change
// meanwhile: one descriptor is open at a time, and the way back up is checked.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "links.h"
#include "names.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "spec.h"
#include "verbs.h"

#define BLOCK 512

struct usage {
	long long bytes;
	long long files;
};

// A directory on the way down, and how far its names have been gone through.
struct level {
	struct names names;
	size_t next;
	dev_t dev;
	ino_t ino;
};

struct walk {
	struct usage usage;
	struct links links; // used as a set
	int fd;		    // of the deepest level
	struct level *levels;
	size_t depth;
	size_t capacity;
};

static void walk_free(struct walk *walk)
{
	for (size_t i = 0; i < walk->depth; i++)
		names_free(&walk->levels[i].names);
	free(walk->levels);
	links_free(&walk->links);
	if (walk->fd >= 0)
		close(walk->fd);
}

static int count(struct walk *walk, const struct stat *status)
{
	if (status->st_nlink > 1 && !S_ISDIR(status->st_mode)) {
		if (links_find(&walk->links, status->st_dev, status->st_ino) != NULL)
			return 0;
		if (links_put(&walk->links, status->st_dev, status->st_ino, "") < 0)
			return -1;
	}
	walk->usage.bytes += (long long)status->st_blocks * BLOCK;
	walk->usage.files++;
	return 0;
}

// Goes into `name` of the deepest level (or, at the top, of `parent`). 1: gone meanwhile.
static int enter(struct walk *walk, int parent, const char *name)
{
	cleanup_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 1 : -1;
	struct stat status;
	if (fstat(fd, &status) < 0)
		return -1;
	if (walk->depth == walk->capacity) {
		size_t capacity = walk->capacity == 0 ? 16 : walk->capacity * 2;
		struct level *levels = reallocarray(walk->levels, capacity, sizeof *levels);
		if (levels == NULL)
			return -1;
		walk->levels = levels;
		walk->capacity = capacity;
	}
	struct level *level = &walk->levels[walk->depth];
	*level = (struct level){.dev = status.st_dev, .ino = status.st_ino};
	if (count(walk, &status) < 0 || names_read(fd, &level->names) < 0)
		return -1;
	walk->depth++;
	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = steal_fd(&fd);
	return 0;
}

static int leave(struct walk *walk)
{
	names_free(&walk->levels[--walk->depth].names);
	cleanup_fd int below = steal_fd(&walk->fd);
	if (walk->depth == 0)
		return 0;
	const struct level *level = &walk->levels[walk->depth - 1];
	cleanup_fd int fd = openat(below, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (status.st_dev != level->dev || status.st_ino != level->ino) {
		errno = EAGAIN; // a running step moved a directory
		return -1;
	}
	walk->fd = steal_fd(&fd);
	return 0;
}

static int walk_on(struct walk *walk)
{
	while (walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];
		if (level->next == level->names.count) {
			if (leave(walk) < 0)
				return -1;
			continue;
		}
		const char *name = level->names.list[level->next++];
		struct stat status;
		if (fstatat(walk->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return -1;
		}
		if (S_ISDIR(status.st_mode) ? enter(walk, walk->fd, name) < 0 : count(walk, &status) < 0)
			return -1;
	}
	return 0;
}

// Adds what `name` takes. A tree that moves under the walk is begun again a few times.
static int measure(int parent, const char *name, struct usage *usage)
{
	for (int attempt = 0;; attempt++) {
		struct stat status;
		if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -1;
		struct walk walk = {.fd = -1};
		int failed = S_ISDIR(status.st_mode) ? enter(&walk, parent, name) : count(&walk, &status);
		if (failed == 0)
			failed = walk_on(&walk);
		int err = errno;
		struct usage found = walk.usage;
		walk_free(&walk);
		if (failed >= 0) {
			usage->bytes += found.bytes;
			usage->files += found.files;
			return 0;
		}
		errno = err;
		if (err != EAGAIN || attempt == 3)
			return -1;
	}
}

static void tell(const char *event, const char *id, const struct usage *usage)
{
	report_event(event, REPORT_TEXT, "id", id, REPORT_INT, "bytes", usage->bytes, REPORT_INT, "files",
		     usage->files, REPORT_END);
}

// Every directory of the place by its id; the place itself, and what is no directory of ours in it, as the rest.
static int tell_all(int place)
{
	cleanup_names struct names names;
	struct stat status;
	if (fstat(place, &status) < 0 || names_read(place, &names) < 0)
		return -1;
	struct usage rest = {.bytes = (long long)status.st_blocks * BLOCK, .files = 1};
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.list[i];
		struct usage usage = {0};
		bool ours = id_valid(name);
		if (measure(place, name, ours ? &usage : &rest) < 0)
			return -1;
		if (ours && usage.files > 0)
			tell("usage", name, &usage);
	}
	tell("rest", NULL, &rest);
	return 0;
}

int verb_usage(const struct spec *spec)
{
	const char *store = spec_need(spec, "store"), *where = spec_need(spec, "place");
	if (store == NULL || where == NULL || ns_enter(spec) < 0)
		return -1;
	cleanup_fd int root = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return report_error("open the store", store, errno, NULL);
	cleanup_fd int place = openat(root, where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0 && errno == ENOENT)
		return 0;
	if (place < 0)
		return report_error("open a directory of the store", where, errno, NULL);
	if (spec_bool(spec, "all"))
		return tell_all(place) < 0 ? report_error("measure the store", where, errno, NULL) : 0;
	size_t cursor = 0;
	for (const char *id; spec_next(spec, "id", &cursor, &id);) {
		struct usage usage = {0};
		if (measure(place, id, &usage) < 0)
			return report_error("measure a directory of the store", id, errno, NULL);
		if (usage.files > 0)
			tell("usage", id, &usage);
	}
	return 0;
}
