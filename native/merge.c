// SPDX-License-Identifier: Apache-2.0
// See merge.h. Works on (directory, name) pairs; nothing is followed.
#include "merge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "entry.h"
#include "make.h"
#include "names.h"
#include "owner.h"
#include "path.h"
#include "tree.h"
#include "xattr.h"

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int remember(struct merge *merge, const struct entry *source, int copy)
{
	struct stat status;
	if (!merge->remember)
		return 0;
	if (fstat(copy, &status) < 0)
		return -1;
	if (merge->n_origins == merge->capacity) {
		size_t capacity = merge->capacity == 0 ? 1024 : merge->capacity * 2;
		struct origin *grown = reallocarray(merge->origins, capacity, sizeof *grown);
		if (grown == NULL)
			return -1;
		merge->origins = grown;
		merge->capacity = capacity;
	}
	merge->origins[merge->n_origins++] = (struct origin){status.st_ino, (ino_t)source->ino, status.st_ctim};
	return 0;
}

// 1: linked to the copy of another name of the same file.
static int link_to_first(struct merge *merge, const struct entry *entry, int to, const char *name, const char *path)
{
	if (entry->nlink < 2)
		return 0;
	const char *first = links_find(&merge->links, (dev_t)entry->dev, (ino_t)entry->ino), *last;
	if (first == NULL)
		return links_put(&merge->links, (dev_t)entry->dev, (ino_t)entry->ino, path);
	cleanup_fd int parent = path_open_parent(merge->root, first, &last);
	if (parent < 0 || linkat(parent, last, to, name, 0) < 0)
		return -1;
	return 1;
}

static int copy_file(struct merge *merge, const struct entry *entry, int from, int to, const char *name, const char *path)
{
	size_t lost = 0;
	int linked = link_to_first(merge, entry, to, name, path);
	if (linked != 0)
		return linked < 0 ? -1 : 0;
	cleanup_fd int in = content_open(from, name);
	cleanup_fd int out = in < 0 ? -1 : make_file(to, name, entry->mode);
	if (out < 0 || content_copy(in, out, entry->size) < 0 || set_new_metadata(out, entry, &lost) < 0 ||
	    set_mtime(out, entry->mtime, entry->mtime_ns) < 0)
		return -1;
	return remember(merge, entry, out);
}

static int copy_socket(const struct entry *entry, int to, const char *name)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = entry->mtime, .tv_nsec = (long)entry->mtime_ns}};
	if (mknodat(to, name, S_IFSOCK | entry->mode, 0) < 0 || owner_write_at(to, name, entry->uid, entry->gid) < 0)
		return -1;
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

// The device that a user may not make is left out, as everywhere.
static int copy_special(struct entry *entry, int from, int to, const char *name)
{
	char target[PATH_MAX];
	if (entry->type == 's')
		return copy_socket(entry, to, name);
	if (entry->type == 'l') {
		ssize_t length = readlinkat(from, name, target, sizeof target - 1);
		if (length < 0)
			return -1;
		target[length] = '\0';
		entry->link = target;
	}
	int made = make_special(to, name, entry);
	entry->link = "";
	return made < 0 ? -1 : 0;
}

static int empty_directory(int directory)
{
	cleanup_names struct names names = {0};
	if (names_read(directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (remove_any(directory, names.list[i]) < 0)
			return -1;
	return 0;
}

static int merge_directory(struct merge *merge, int from, int to, const char *path, int depth);

static int copy_directory(struct merge *merge, int from, int to, const char *name, const char *path, int depth)
{
	struct stat status;
	if (fstatat(to, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(status.st_mode) && remove_any(to, name) < 0)
		return -1;
	if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
		return -1;
	cleanup_fd int source = open_directory(from, name);
	cleanup_fd int target = source < 0 ? -1 : open_directory(to, name);
	return target < 0 ? -1 : merge_directory(merge, source, target, path, depth);
}

static int merge_entry(struct merge *merge, int from, int to, const char *name, const char *path, int depth)
{
	cleanup_entry struct entry entry = {0};
	struct stat status;
	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return copy_directory(merge, from, to, name, path, depth + 1);
	if (remove_any(to, name) < 0)
		return -1;
	if (entry_is_whiteout(&status))
		return 0;
	if (entry_fill(&entry, from, name, &status) < 0)
		return -1;
	return entry.type == 'f' ? copy_file(merge, &entry, from, to, name, path) : copy_special(&entry, from, to, name);
}

// The directory's own metadata comes last: its times change with its children.
static int merge_directory(struct merge *merge, int from, int to, const char *path, int depth)
{
	cleanup_names struct names names = {0};
	cleanup_entry struct entry entry = {0};
	struct stat status;
	size_t lost = 0;
	if (depth > TREE_MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int opaque = opaque_get(from);
	if (opaque < 0 || (opaque && empty_directory(to) < 0) || names_read(from, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		cleanup_free char *below = path_join(path, names.list[i]);
		if (below == NULL || merge_entry(merge, from, to, names.list[i], below, depth) < 0)
			return -1;
	}
	if (fstat(from, &status) < 0 || entry_fill(&entry, from, NULL, &status) < 0 || xattrs_clear(to) < 0 ||
	    set_metadata(to, &entry, &lost) < 0)
		return -1;
	return set_mtime(to, entry.mtime, entry.mtime_ns);
}

int merge_layer(struct merge *merge, int layer)
{
	// Names of one file are within one layer.
	links_free(&merge->links);
	merge->links = (struct links){0};
	cleanup_fd int from = openat(layer, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int to = from < 0 ? -1 : openat(merge->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return to < 0 ? -1 : merge_directory(merge, from, to, "", 0);
}

void merge_free(struct merge *merge)
{
	int saved = errno;
	links_free(&merge->links);
	free(merge->origins);
	*merge = (struct merge){.root = -1};
	errno = saved;
}
