// SPDX-License-Identifier: Apache-2.0
// The verb `copy`: carries out a stream of small orders (choose a target, copy one entry, write bytes) from a source root to a
// destination root. What is copied where is decided in TypeScript; how a file is replaced safely, here.
//
// With `layer` the archive of what was changed follows on descriptor 1. If there is no directory to take the writes, the
// destination is in memory (copy_memory.h): it only serves to know what the layer would change. No file is made on a disk.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "copy_memory.h"
#include "dirs.h"
#include "entry.h"
#include "io.h"
#include "links.h"
#include "losses.h"
#include "make.h"
#include "ns.h"
#include "owner.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "tree.h"
#include "tree_diff.h"
#include "verbs.h"
#include "wire.h"

// Flags of an `e` order; src/sandbox/copy.ts has the same.
#define FOLLOW 1
#define MERGE_SET 2
#define HAS_MODE 4
#define OWNER_MADE 8

struct copy {
	struct wire wire;
	struct parent_cache source;
	struct dirs dirs;
	struct ownership owner;
	bool unprivileged;
	bool replace; // an entry takes the place of one of another type
	const int64_t *one_time; // the mtime of everything; NULL: each has its own
	char *target; // path below the destination root, no slashes at its ends
	struct links links;
	struct copy_memory memory;
	struct losses losses;
};

struct order {
	const char *from;
	const char *to; // full path below the destination root
	uint8_t flags;
	uint32_t mode;
	bool is_target;
};

static int fail(const char *step, const char *path)
{
	int err = errno;
	return report_is_final() ? -1 : report_error(step, path, err, NULL);
}

static int conflict(const char *path, const char *message)
{
	return report_refusal("copy-conflict", path, message);
}

static char *trimmed(const char *path)
{
	path += strspn(path, "/");
	size_t length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

static int make_directory_path(struct copy *copy, const char *path)
{
	cleanup_fd int fd = path_make_dirs(copy->dirs.root, path, &copy->dirs.made);
	if (fd >= 0)
		return 0;
	return errno == ENOTDIR ? conflict(path, "cannot copy to non-directory") : fail("make a directory", path);
}

static bool is_directory(struct copy *copy, const char *path)
{
	cleanup_fd int fd = path_open(copy->dirs.root, path, O_PATH | O_DIRECTORY, 0);
	return fd >= 0;
}

#define MAX_LINKS 40 // as the kernel

// Where a file lands whose target is a symlink: at what the link points to, there or not, as in Docker. NULL with errno.
static char *follow_links(struct copy *copy, const char *target)
{
	char link[PATH_MAX];
	cleanup_free char *path = strdup(target);
	for (int i = 0; path != NULL && i < MAX_LINKS; i++) {
		struct stat status;
		cleanup_fd int fd = path_open(copy->dirs.root, path, O_PATH | O_NOFOLLOW, 0);
		if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
			return NULL;
		if (fd < 0 || fstat(fd, &status) < 0 || !S_ISLNK(status.st_mode))
			return steal_pointer(&path);
		ssize_t length = readlinkat(fd, "", link, sizeof link - 1);
		if (length < 0)
			return NULL;
		link[length] = '\0';
		char *slash = strrchr(path, '/');
		if (slash != NULL)
			*slash = '\0';
		char *next = *link == '/' || slash == NULL ? trimmed(link) : path_join(path, link);
		free(path);
		path = next;
	}
	if (path != NULL)
		errno = ELOOP;
	return NULL;
}

static int do_target(struct copy *copy, struct cursor *cursor)
{
	uint8_t as = take_u8(cursor);
	uint32_t parent_mode = take_u32(cursor);
	const char *path = take_string(cursor), *name = take_string(cursor);
	if (cursor->bad || (as != 'd' && as != 'f' && as != 'a'))
		return report_refusal("bad-request", NULL, "a malformed target");
	free(steal_pointer(&copy->target));
	copy->dirs.made.mode = parent_mode & 07777;
	cleanup_free char *target = trimmed(path);
	if (target == NULL)
		return fail("choose the target", path);
	if (as == 'd' && make_directory_path(copy, target) < 0)
		return -1;
	bool inside = as == 'a' && is_directory(copy, target);
	if (as != 'd' && !inside && *target == '\0')
		return conflict("/", "cannot replace to directory");
	if (as != 'd' && !inside) {
		char *followed = follow_links(copy, target);
		if (followed == NULL)
			return fail("choose the target", path);
		free(target);
		target = followed;
	}
	copy->target = path_join(target, inside ? name : "");
	return copy->target == NULL ? fail("choose the target", path) : 0;
}

// Opens the source entry for what it is: O_PATH for what has no content to read. Fills `status`.
static int open_source(struct copy *copy, const struct order *order, struct stat *status)
{
	const char *last;
	if (*order->from == '\0' || (order->flags & FOLLOW)) {
		cleanup_fd int place = path_open(copy->source.root, order->from, O_PATH, 0);
		if (place < 0 || fstat(place, status) < 0)
			return -1;
		if (!S_ISREG(status->st_mode))
			return steal_fd(&place);
		return path_open(copy->source.root, order->from, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	}
	int parent = parent_open(&copy->source, order->from, &last);
	if (parent < 0 || fstatat(parent, last, status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return S_ISREG(status->st_mode) ? content_open(parent, last) : openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

// What the copy shall be: the source's record with the request's owner and the order's mode over it.
static void adjust(const struct copy *copy, const struct order *order, struct entry *entry)
{
	if (copy->one_time != NULL) {
		entry->mtime = *copy->one_time;
		entry->mtime_ns = 0;
	}
	if (order->flags & HAS_MODE)
		entry->mode = order->mode & 07777;
	if (copy->unprivileged) {
		entry->uid = geteuid();
		entry->gid = getegid();
	} else if (!copy->owner.keep || (order->flags & OWNER_MADE)) {
		entry->uid = copy->owner.uid;
		entry->gid = copy->owner.gid;
	}
}

// Opens the directory at `order->to`, or makes it. `*made` says which.
static int open_directory(struct copy *copy, const struct order *order, bool *made)
{
	*made = false;
	// The target itself may be reached through a symlink: the user chose it. Below it nothing is followed.
	if (order->is_target) {
		int fd = path_open(copy->dirs.root, order->to, O_RDONLY | O_DIRECTORY, 0);
		if (fd >= 0 || errno != ENOENT || *order->to == '\0')
			return fd;
	}
	const char *last;
	int parent = dirs_parent(&copy->dirs, order->to, &last);
	if (parent < 0)
		return -1;
	if (mkdirat(parent, last, 0700) == 0)
		*made = true;
	else if (errno != EEXIST)
		return -1;
	cleanup_fd int opened = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (opened < 0 && errno == ELOOP)
		errno = ENOTDIR;
	if (*made && opened >= 0 && copy_memory_made_directory(&copy->memory, opened, last) < 0)
		return -1;
	int fd = steal_fd(&opened);
	if (fd >= 0 || errno != ENOTDIR || !copy->replace)
		return fd;
	if (unlinkat(parent, last, 0) < 0 || mkdirat(parent, last, 0700) < 0)
		return -1;
	*made = true;
	return openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int copy_directory(struct copy *copy, const struct order *order, const struct entry *entry)
{
	bool made;
	cleanup_fd int fd = open_directory(copy, order, &made);
	if (fd < 0)
		return errno == ENOTDIR ? conflict(order->to, "cannot copy to non-directory")
					: fail("make a directory", order->to);
	if (!made && !(order->flags & MERGE_SET))
		return 0;
	if (set_metadata(fd, entry, &copy->losses.xattrs) < 0 ||
	    dirs_set(&copy->dirs, fd, order->to, (struct timespec){.tv_sec = entry->mtime}) < 0)
		return fail("set a directory's metadata", order->to);
	return 0;
}

// The parent of a destination whose name is free now; a directory there is only replaced where all are.
static int free_name(struct copy *copy, const char *to, const char **last)
{
	int parent = dirs_parent(&copy->dirs, to, last);
	if (parent < 0)
		return errno == ENOTDIR ? conflict(to, "cannot copy to non-directory")
					: fail("open the parent directory", to);
	if (copy_memory_made(&copy->memory, *last) < 0)
		return fail("replace a file", to);
	if (unlinkat(parent, *last, 0) == 0 || errno == ENOENT)
		return parent;
	if (copy->replace)
		return remove_any(parent, *last) == 0 ? parent : fail("replace a directory", to);
	if (errno == EISDIR || errno == EPERM)
		return conflict(to, "cannot replace to directory");
	return fail("replace a file", to);
}

// Links to the copy of another name of the same inode. 1: done, 0: there is none that fits, -1: reported.
static int link_to_earlier(struct copy *copy, const struct order *order, const struct entry *entry)
{
	const char *earlier = entry->nlink > 1 ? links_find(&copy->links, entry->dev, entry->ino) : NULL;
	if (earlier == NULL || strcmp(earlier, order->to) == 0)
		return 0;
	const char *first, *last;
	struct stat status;
	cleanup_fd int first_parent = path_open_parent(copy->dirs.root, earlier, &first);
	if (first_parent < 0 || fstatat(first_parent, first, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISREG(status.st_mode) || (status.st_mode & 07777) != entry->mode ||
	    (uint64_t)status.st_size != entry->size || status.st_mtim.tv_sec != entry->mtime)
		return 0; // replaced or changed since: not the same file any more
	int parent = free_name(copy, order->to, &last);
	if (parent < 0)
		return -1;
	if (linkat(first_parent, first, parent, last, 0) < 0)
		return errno == ENOENT ? 0 : fail("make a hard link", order->to);
	return 1;
}

static int copy_file(struct copy *copy, const struct order *order, const struct entry *entry, int source)
{
	int linked = link_to_earlier(copy, order, entry);
	if (linked != 0)
		return linked < 0 ? -1 : 0;
	const char *last;
	int parent = dirs_parent(&copy->dirs, order->to, &last);
	if (parent < 0)
		return errno == ENOTDIR ? conflict(order->to, "cannot copy to non-directory")
					: fail("open the parent directory", order->to);
	const struct copy_place place = {order->from, order->flags & FOLLOW};
	int listed = copy_memory_list_file(&copy->memory, entry, last, place);
	if (listed > 0)
		return 0;
	if (listed < 0 || copy_memory_made(&copy->memory, last) < 0)
		return fail("copy a file", order->to);
	cleanup_fd int fd = make_file(parent, last, entry->mode);
	if (fd < 0 && errno == EEXIST) {
		parent = free_name(copy, order->to, &last);
		if (parent < 0)
			return -1;
		fd = make_file(parent, last, entry->mode);
	}
	if (fd < 0)
		return fail("make a file", order->to);
	if (copy->memory.on ? copy_memory_note(&copy->memory, fd, entry->size, place) < 0 : content_copy(source, fd, entry->size) < 0)
		return fail("copy a file's content", order->to);
	if (set_new_metadata(fd, entry, &copy->losses.xattrs) < 0 || set_mtime(fd, entry->mtime, 0) < 0)
		return fail("set a file's metadata", order->to);
	if (entry->nlink > 1 && links_put(&copy->links, entry->dev, entry->ino, order->to) < 0)
		return fail("copy a file", order->to);
	return 0;
}

static int copy_special(struct copy *copy, const struct order *order, struct entry *entry, int source)
{
	char target[PATH_MAX];
	if (entry->type == 's')
		return 0; // a socket is a meeting point of running programs, not content
	if (copy->unprivileged && (entry->type == 'c' || entry->type == 'b'))
		return 0;
	if (entry->type == 'l') {
		ssize_t length = readlinkat(source, "", target, sizeof target - 1);
		if (length < 0)
			return fail("read a symlink", order->from);
		target[length] = '\0';
		entry->link = target;
	}
	const char *last;
	int parent = free_name(copy, order->to, &last);
	if (parent < 0)
		return -1;
	entry->mtime_ns = 0;
	int made = make_special(parent, last, entry);
	if (made < 0)
		return fail("make a special file", order->to);
	copy->losses.devices += (size_t)made;
	return 0;
}

// In memory, a regular file is only looked at: its content is read when the archive is written.
static int look_at_file(struct copy *copy, const struct order *order, struct entry *entry)
{
	struct stat status;
	const char *last;
	if (!copy->memory.on || *order->from == '\0' || (order->flags & FOLLOW))
		return 0;
	int parent = parent_open(&copy->source, order->from, &last);
	if (parent < 0 || fstatat(parent, last, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISREG(status.st_mode))
		return 0;
	return entry_fill(entry, parent, last, &status) < 0 ? -1 : 1;
}

static int copy_entry(struct copy *copy, const struct order *order)
{
	cleanup_entry struct entry entry = {0};
	int looked = look_at_file(copy, order, &entry);
	if (looked < 0)
		return fail("read the source", order->from);
	if (looked > 0) {
		adjust(copy, order, &entry);
		return copy_file(copy, order, &entry, -1);
	}
	struct stat status;
	cleanup_fd int source = open_source(copy, order, &status);
	if (source < 0)
		return fail("read the source", order->from);
	// Again, on what is open: the entry may have been exchanged since its type was looked at.
	mode_t type = status.st_mode & S_IFMT;
	if (fstat(source, &status) < 0)
		return fail("read the source", order->from);
	if ((status.st_mode & S_IFMT) != type || entry_is_whiteout(&status)) {
		errno = ENOENT;
		return fail("read the source", order->from);
	}
	if (entry_fill(&entry, source, NULL, &status) < 0)
		return fail("read the source", order->from);
	adjust(copy, order, &entry);
	if (entry.type == 'd')
		return copy_directory(copy, order, &entry);
	if (entry.type == 'f')
		return copy_file(copy, order, &entry, source);
	return copy_special(copy, order, &entry, source);
}

static char *destination(struct copy *copy, const char *to)
{
	if (copy->target != NULL)
		return path_join(copy->target, to);
	report_refusal("bad-request", to, "an entry before a target");
	return NULL;
}

static int do_entry(struct copy *copy, struct cursor *cursor)
{
	struct order order = {.flags = take_u8(cursor), .mode = take_u32(cursor)};
	const char *from = take_string(cursor), *to = take_string(cursor);
	if (cursor->bad)
		return report_refusal("bad-request", NULL, "a malformed entry");
	cleanup_free char *full = destination(copy, to);
	if (full == NULL)
		return fail("copy", to);
	order.from = from + strspn(from, "/");
	order.to = full;
	order.is_target = *to == '\0';
	int outcome = copy_entry(copy, &order);
	losses_at(&copy->losses, full);
	return outcome;
}

static int write_data(struct copy *copy, const char *to, const struct entry *entry)
{
	const char *last;
	int parent = free_name(copy, to, &last);
	if (parent < 0)
		return -1;
	cleanup_fd int fd = make_file(parent, last, entry->mode);
	if (fd < 0)
		return fail("make a file", to);
	for (uint64_t left = entry->size; left > 0;) {
		const unsigned char *data;
		size_t got;
		if (wire_content(&copy->wire, (size_t)left, &data, &got) < 0 || write_all(fd, data, got) < 0)
			return fail("write a file", to);
		left -= got;
	}
	if (set_new_metadata(fd, entry, NULL) < 0 || set_mtime(fd, entry->mtime, 0) < 0)
		return fail("set a file's metadata", to);
	return 0;
}

static int do_data(struct copy *copy, struct cursor *cursor)
{
	struct entry entry = {.type = 'f', .mode = take_u32(cursor) & 07777};
	entry.mtime = (int64_t)take_u64(cursor);
	entry.size = take_u64(cursor);
	const char *to = take_string(cursor);
	if (cursor->bad)
		return report_refusal("bad-request", NULL, "malformed data");
	const struct order order = {.flags = OWNER_MADE};
	adjust(copy, &order, &entry);
	// The path is copied out of the frame here, before the content takes the frame's place.
	cleanup_free char *full = destination(copy, to);
	return full == NULL ? fail("copy", to) : write_data(copy, full, &entry);
}

static int copy_stream(struct copy *copy)
{
	for (;;) {
		struct cursor cursor;
		int got = wire_frame(&copy->wire, &cursor);
		if (got <= 0)
			return report_error("read the orders", NULL, got == 0 ? EPROTO : errno, NULL);
		int outcome;
		switch (take_u8(&cursor)) {
		case 't':
			outcome = do_target(copy, &cursor);
			break;
		case 'e':
			outcome = do_entry(copy, &cursor);
			break;
		case 'd':
			outcome = do_data(copy, &cursor);
			break;
		case 'z': // the end; a stream without it was cut off
			return 0;
		default:
			return report_refusal("bad-request", NULL, "an unknown order");
		}
		if (outcome < 0)
			return -1;
	}
}

// The archive of what the orders made of the root. `memory`: what took the writes there; -1: the root's upper did.
static int write_layer(struct copy *copy, const struct spec *spec, const struct root *to, int memory)
{
	struct diff_source source = {
		.upper = memory,
		.lower = -1,
		.content = copy_memory_content,
		.unmade = copy->memory.lists ? &copy->memory.unmade : NULL,
		.unmade_content = copy_memory_listed_content,
		.context = &copy->memory,
	};
	long long clamp;
	if (spec_int(spec, "clamp-time", INT64_MIN, INT64_MAX, INT64_MAX, &clamp) < 0)
		return -1;
	source.clamp = clamp;
	if (memory < 0)
		source.content = NULL;
	return diff_write_layer(&source, to, STDOUT_FILENO);
}

int verb_copy(const struct spec *spec)
{
	struct root source, to;
	long long made_time, time;
	if (spec_root(spec, "source", &source) < 0 || spec_root(spec, "root", &to) < 0 ||
	    spec_int(spec, "made-time", INT64_MIN, INT64_MAX, 0, &made_time) < 0 ||
	    spec_int(spec, "one-time", INT64_MIN, INT64_MAX, 0, &time) < 0 || ns_enter(spec) < 0)
		return -1;
	tree_raise_file_limit();
	cleanup_fd int upper = -1;
	bool layer = spec_bool(spec, "layer");
	struct copy copy = {.wire = {.in = STDIN_FILENO, .out = -1}};
	copy.memory = (struct copy_memory){.on = layer && to.upper == NULL, .dirs = &copy.dirs, .source = &copy.source};
	copy.source.root = root_open(&source, false);
	if (copy.source.root < 0)
		return -1;
	int to_fd = copy.memory.on ? root_open_in_memory(&to, &upper) : root_open(&to, true);
	if (to_fd < 0)
		return -1;
	copy.unprivileged = spec_bool(spec, "unprivileged");
	copy.replace = spec_bool(spec, "replace");
	const int64_t one_time = time;
	if (spec_get(spec, "one-time") != NULL)
		copy.one_time = &one_time;
	if (ownership_read(spec, to_fd, &copy.owner) < 0)
		return -1;
	const struct path_made made = {
		.mode = 0755, .uid = copy.owner.uid, .gid = copy.owner.gid, .mtime = (time_t)made_time};
	dirs_init(&copy.dirs, to_fd, &made);
	if (copy.memory.on && !copy.replace)
		copy_memory_list(&copy.memory, to_fd);
	if (copy_stream(&copy) < 0)
		return -1;
	if (dirs_finish(&copy.dirs) < 0)
		return report_error("set the times of directories", NULL, errno, NULL);
	dirs_free(&copy.dirs);
	if (root_close(&to, to_fd) < 0 || (layer && write_layer(&copy, spec, &to, upper) < 0))
		return -1;
	parent_free(&copy.source);
	links_free(&copy.links);
	copy_memory_free(&copy.memory);
	free(copy.target);
	losses_report(&copy.losses);
	return root_close(&source, copy.source.root);
}
