// SPDX-License-Identifier: Apache-2.0
// The verb `remove`: deletes directories below a place of the store (snapshots/ unless told otherwise) with all that is in
// them, whoever owns it. Symlinks are removed, never followed; every step goes from an open directory to one name in it.
// Two removals of the same directory do not disturb one another.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "names.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "tree.h"
#include "verbs.h"

// A tree may be deeper than descriptors and stack reach. Below this depth a directory is moved up to the top of the
// removal, and removed from there.
#define DEPTH_BEFORE_MOVING 200

struct removal {
	int top; // the directory being removed
	unsigned long moved;
};

static int remove_name(struct removal *removal, int parent, const char *name, int depth);

static int remove_inside(struct removal *removal, int directory, int depth)
{
	cleanup_names struct names names;
	// A directory that another removal has taken away meanwhile cannot be read any more.
	if (names_read(directory, &names) < 0)
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.count; i++) {
		if (remove_name(removal, directory, names.list[i], depth) < 0)
			return -1;
	}
	return 0;
}

static int remove_name(struct removal *removal, int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth >= DEPTH_BEFORE_MOVING) {
		char moved[64];
		snprintf(moved, sizeof moved, ".removed-%d-%lu", getpid(), removal->moved++);
		return renameat(parent, name, removal->top, moved) == 0 || errno == ENOENT ? 0 : -1;
	}
	int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? 0 : -1;
	int failed = remove_inside(removal, directory, depth + 1);
	int saved = errno;
	close(directory);
	errno = saved;
	if (failed < 0)
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int remove_tree(int parent, const char *name)
{
	cleanup_fd int top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : -1;
	struct removal removal = {.top = top};
	// Each round removes what the one before moved up; the last one moves nothing.
	unsigned long before;
	do {
		before = removal.moved;
		if (remove_inside(&removal, top, 0) < 0)
			return -1;
	} while (removal.moved != before);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

int verb_remove(const struct spec *spec)
{
	const char *store = spec_need(spec, "store");
	if (store == NULL || ns_enter(spec) < 0)
		return -1;
	tree_raise_file_limit();
	cleanup_fd int root = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return report_error("open the store", store, errno, NULL);
	const char *where = spec_get(spec, "place");
	if (where == NULL)
		where = "snapshots";
	cleanup_fd int place = openat(root, where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0 && errno == ENOENT)
		return 0;
	if (place < 0)
		return report_error("open a directory of the store", where, errno, NULL);
	size_t cursor = 0;
	for (const char *id; spec_next(spec, "id", &cursor, &id);) {
		if (!id_valid(id) || remove_tree(place, id) < 0)
			return report_error("remove a directory of the store", id, errno, NULL);
	}
	return 0;
}
