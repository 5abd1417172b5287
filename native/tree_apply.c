// SPDX-License-Identifier: Apache-2.0
// The verb `apply`: makes what a stream of entries (an archive, parsed in TypeScript) describes. In mode `layer` the root is a
// lone layer directory, and whiteouts become overlayfs' marks; in mode `archive` entries go into a directory of an existing tree.
//
// What holds whatever the entries say: every parent is opened inside that directory, by the kernel (path.c), so that no
// symlink, of the archive or of the tree, leads an entry out of the directory that the user named; the last component is
// never followed; an existing entry is unlinked before another takes its name; hard links go to names of this root only.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "dirs.h"
#include "entry.h"
#include "io.h"
#include "losses.h"
#include "make.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "tree.h"
#include "verbs.h"
#include "wire.h"

struct apply {
	struct dirs dirs;
	struct wire wire;
	struct bytes frame; // the entry in hand: the wire's own buffer moves while content is read
	struct ownership owner;
	bool layer;
	int root; // the directory that the entries go into
	int below; // what the layer will lie on, for hard links to files that it does not bring itself; or -1
	struct losses losses;
};

static int on_implied(int fd, const char *path, void *context)
{
	(void)fd;
	(void)context;
	report_event("implied", REPORT_TEXT, "path", path, REPORT_END);
	return 0;
}

static int fail(const char *step, const struct entry *entry)
{
	int err = errno;
	if (report_is_final())
		return -1;
	return report_error(step, entry->path, err, NULL);
}

// A parent component that is there but is no directory. In a layer, the later entry's word counts: it is a directory now.
// Removes the first such component of `path`; `*cleared` is its path when it was a whiteout, else NULL.
static int clear_way(struct apply *apply, const char *path, char **cleared)
{
	*cleared = NULL;
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		cleanup_free char *prefix = strndup(path, (size_t)(slash - path));
		const char *last;
		if (prefix == NULL)
			return -1;
		cleanup_fd int here = path_open(apply->root, prefix, O_PATH | O_DIRECTORY, 0);
		if (here >= 0)
			continue;
		if (errno != ENOTDIR)
			return -1;
		struct stat status;
		cleanup_fd int parent = path_open_parent(apply->root, prefix, &last);
		dirs_forget(&apply->dirs);
		if (parent < 0 || fstatat(parent, last, &status, AT_SYMLINK_NOFOLLOW) < 0 || unlinkat(parent, last, 0) < 0)
			return -1;
		if (entry_is_whiteout(&status))
			*cleared = steal_pointer(&prefix);
		return 0;
	}
	errno = ENOTDIR;
	return -1;
}

static int parent_of(struct apply *apply, const char *path, const char **last)
{
	int parent = dirs_parent(&apply->dirs, path, last);
	if (parent >= 0 || errno != ENOTDIR || !apply->layer)
		return parent;
	cleanup_free char *cleared = NULL;
	if (clear_way(apply, path, &cleared) < 0)
		return -1;
	parent = dirs_parent(&apply->dirs, path, last);
	if (parent < 0 || cleared == NULL)
		return parent;
	// The mark said that what is below is gone, and this directory is new: it still hides it.
	cleanup_fd int made = path_open(apply->root, cleared, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return made < 0 || opaque_set(made) < 0 ? -1 : parent;
}

// What is called `name` now. 1: something, 0: nothing, -1 with errno.
static int look(int parent, const char *name, struct stat *status)
{
	if (fstatat(parent, name, status, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

// Makes room for a new entry called `name`.
static int clear_name(struct apply *apply, int parent, const char *name)
{
	struct stat status;
	int there = look(parent, name, &status);
	if (there <= 0)
		return there;
	// The cached parent stays open: nothing above `name` is touched. What was below it is gone, though.
	if (!S_ISREG(status.st_mode))
		dirs_forget(&apply->dirs);
	return remove_any(parent, name);
}

static int apply_directory(struct apply *apply, const struct entry *entry)
{
	cleanup_fd int fd = -1;
	if (*entry->path == '\0') {
		fd = path_open(apply->root, "", O_RDONLY | O_DIRECTORY, 0);
	} else {
		const char *last;
		struct stat status;
		// Kept for this function: clearing the name may drop the cached one.
		int cached = parent_of(apply, entry->path, &last);
		cleanup_fd int parent = cached < 0 ? -1 : fcntl(cached, F_DUPFD_CLOEXEC, 3);
		int there = parent < 0 ? -1 : look(parent, last, &status);
		if (there < 0)
			return fail("make a directory", entry);
		bool hides = there && entry_is_whiteout(&status);
		if (!there || !S_ISDIR(status.st_mode)) {
			if ((there && clear_name(apply, parent, last) < 0) || mkdirat(parent, last, 0700) < 0)
				return fail("make a directory", entry);
		}
		fd = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && hides && apply->layer && opaque_set(fd) < 0)
			return fail("mark a directory as opaque", entry);
	}
	if (fd < 0)
		return fail("make a directory", entry);
	if (set_metadata(fd, entry, &apply->losses.xattrs) < 0)
		return fail("set a directory's metadata", entry);
	if (dirs_set(&apply->dirs, fd, entry->path, (struct timespec){.tv_sec = entry->mtime}) < 0)
		return fail("set a directory's metadata", entry);
	return 0;
}

static int receive_content(struct apply *apply, int fd, uint64_t size)
{
	while (size > 0) {
		const unsigned char *data;
		size_t got;
		if (wire_content(&apply->wire, size < SIZE_MAX ? (size_t)size : SIZE_MAX, &data, &got) < 0 ||
		    write_all(fd, data, got) < 0)
			return -1;
		size -= got;
	}
	return 0;
}

static int apply_file(struct apply *apply, int parent, const char *name, const struct entry *entry)
{
	cleanup_fd int fd = make_file(parent, name, entry->mode);
	if (fd < 0)
		return fail("make a file", entry);
	if (receive_content(apply, fd, entry->size) < 0)
		return fail("write a file", entry);
	if (set_new_metadata(fd, entry, &apply->losses.xattrs) < 0 || set_mtime(fd, entry->mtime, 0) < 0)
		return fail("set a file's metadata", entry);
	return 0;
}

// Whether only directories are on the way to `path` below: in the layer, a symlink there would become one.
static bool way_is_plain(int below, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		cleanup_free char *prefix = strndup(path, (size_t)(slash - path));
		cleanup_fd int here = prefix == NULL ? -1 : path_open(below, prefix, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (here < 0)
			return false;
	}
	return true;
}

// A hard link to a file that only the layers below have: the file is brought up first, as overlayfs would.
static int bring_up(struct apply *apply, const char *path)
{
	if (apply->below < 0 || !way_is_plain(apply->below, path)) {
		errno = ENOENT;
		return -1;
	}
	const char *last;
	cleanup_fd int source_parent = path_open_parent(apply->below, path, &last);
	struct stat status;
	if (source_parent < 0 || fstatat(source_parent, last, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISREG(status.st_mode))
		return report_refusal("no-link-target", path, "a hard link to what is no file in the layers below");
	cleanup_fd int source = openat(source_parent, last, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_entry struct entry entry = {0};
	if (source < 0 || entry_fill(&entry, source, NULL, &status) < 0)
		return -1;
	int parent = parent_of(apply, path, &last);
	if (parent < 0)
		return -1;
	cleanup_fd int fd = make_file(parent, last, entry.mode);
	if (fd < 0 && errno == EEXIST)
		errno = ENOENT; // a whiteout: this layer deletes it
	if (fd < 0 || content_copy(source, fd, entry.size) < 0 || set_new_metadata(fd, &entry, &apply->losses.xattrs) < 0)
		return -1;
	return set_mtime(fd, entry.mtime, entry.mtime_ns);
}

static int open_target(struct apply *apply, const char *path, const char **last, struct stat *status)
{
	cleanup_fd int parent = path_open_parent(apply->root, path, last);
	if (parent >= 0 && fstatat(parent, *last, status, AT_SYMLINK_NOFOLLOW) == 0 && !entry_is_whiteout(status))
		return steal_fd(&parent);
	if (parent >= 0 || errno == ENOENT)
		errno = ENOENT;
	return -1;
}

static int apply_hard_link(struct apply *apply, const struct entry *entry)
{
	const char *target_name, *name;
	struct stat target, old;
	cleanup_fd int target_parent = open_target(apply, entry->link, &target_name, &target);
	if (target_parent < 0 && errno == ENOENT && apply->layer && bring_up(apply, entry->link) == 0)
		target_parent = open_target(apply, entry->link, &target_name, &target);
	if (target_parent < 0 && errno == ENOENT)
		return report_refusal("no-link-target", entry->path, "a hard link to a file that is not there");
	if (target_parent < 0)
		return fail("find a hard link's target", entry);
	if (S_ISDIR(target.st_mode))
		return report_refusal("bad-entry", entry->path, "a hard link to a directory");
	int parent = parent_of(apply, entry->path, &name);
	int there = parent < 0 ? -1 : look(parent, name, &old);
	if (there < 0)
		return fail("make a hard link", entry);
	if (there && old.st_dev == target.st_dev && old.st_ino == target.st_ino)
		return 0; // the same file already; removing the name first might remove the target itself
	cleanup_fd int own = fcntl(parent, F_DUPFD_CLOEXEC, 3);
	if (own < 0 || (there && clear_name(apply, own, name) < 0) ||
	    linkat(target_parent, target_name, own, name, 0) < 0)
		return fail("make a hard link", entry);
	return 0;
}

// Whether a directory on the way to `path` is one that this layer deletes: what was in it is gone with it.
static bool lies_in_deleted(const struct apply *apply, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		cleanup_free char *prefix = strndup(path, (size_t)(slash - path));
		struct stat status;
		cleanup_fd int here = prefix == NULL ? -1 : path_open(apply->root, prefix, O_PATH | O_NOFOLLOW, 0);
		if (here < 0 || fstat(here, &status) < 0)
			return false;
		if (entry_is_whiteout(&status))
			return true;
	}
	return false;
}

// Something that the layers below have is gone. What this same layer brings under that name stays, and hides the rest.
static int apply_whiteout(struct apply *apply, const struct entry *entry)
{
	const char *last;
	struct stat status;
	if (dirs_parent(&apply->dirs, entry->path, &last) < 0 && errno == ENOTDIR && lies_in_deleted(apply, entry->path))
		return 0;
	int parent = parent_of(apply, entry->path, &last);
	int there = parent < 0 ? -1 : look(parent, last, &status);
	if (there < 0)
		return fail("make a whiteout", entry);
	if (there && S_ISDIR(status.st_mode)) {
		cleanup_fd int fd = openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || opaque_set(fd) < 0)
			return fail("mark a directory as opaque", entry);
	}
	if (!there && (mknodat(parent, last, S_IFCHR, 0) < 0 || whiteouts_announce(parent) < 0))
		return fail("make a whiteout", entry);
	return 0;
}

static int apply_opaque(struct apply *apply, const struct entry *entry)
{
	cleanup_fd int fd = -1;
	if (*entry->path != '\0') {
		// An open name below makes the directory itself a parent, made when missing.
		cleanup_free char *inside = path_join(entry->path, "x");
		const char *last;
		int parent = inside == NULL ? -1 : parent_of(apply, inside, &last);
		fd = parent < 0 ? -1 : fcntl(parent, F_DUPFD_CLOEXEC, 3);
	} else {
		fd = path_open(apply->root, "", O_RDONLY | O_DIRECTORY, 0);
	}
	if (fd < 0 || opaque_set(fd) < 0)
		return fail("mark a directory as opaque", entry);
	return 0;
}

static int apply_special(struct apply *apply, int parent, const char *name, const struct entry *entry)
{
	int made = make_special(parent, name, entry);
	if (made < 0)
		return fail("make a special file", entry);
	apply->losses.devices += (size_t)made;
	return 0;
}

static int apply_other(struct apply *apply, const struct entry *entry)
{
	const char *last;
	int cached = parent_of(apply, entry->path, &last);
	if (cached < 0)
		return fail("open the parent directory", entry);
	if (entry->type == 'f') {
		// The usual case first: nothing is there, and the cached parent stays.
		struct stat status;
		if (fstatat(cached, last, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return apply_file(apply, cached, last, entry);
	}
	cleanup_fd int parent = fcntl(cached, F_DUPFD_CLOEXEC, 3);
	if (parent < 0 || clear_name(apply, parent, last) < 0)
		return fail("replace an entry", entry);
	return entry->type == 'f' ? apply_file(apply, parent, last, entry) : apply_special(apply, parent, last, entry);
}

// The path of an entry: relative, plain components, which TypeScript has made sure of and C does not take on trust.
static bool path_is_plain(const char *path)
{
	char name[256];
	for (;;) {
		size_t length = strcspn(path, "/");
		if (length >= sizeof name)
			return false;
		memcpy(name, path, length);
		name[length] = '\0';
		if (!name_valid(name))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

static int dispatch(struct apply *apply, const struct entry *entry)
{
	switch (entry->type) {
	case 'd':
		// The top of an archive names the directory that the user chose: that one keeps its metadata.
		return apply_directory(apply, entry);
	case 'f':
	case 'l':
	case 'c':
	case 'b':
	case 'p':
		return apply_other(apply, entry);
	case 'h':
		return apply_hard_link(apply, entry);
	case 'w':
	case 'o':
		if (!apply->layer)
			return report_refusal("bad-entry", entry->path, "a whiteout outside a layer");
		return entry->type == 'w' ? apply_whiteout(apply, entry) : apply_opaque(apply, entry);
	default:
		return report_refusal("bad-entry", entry->path, "an entry of unknown type");
	}
}

static int apply_entry(struct apply *apply, struct entry *entry)
{
	bool top = *entry->path == '\0' && (entry->type == 'd' || entry->type == 'o');
	if (!top && !path_is_plain(entry->path))
		return report_refusal("bad-entry", entry->path, "a path that is not plain");
	if (entry->type == 'h' && !path_is_plain(entry->link))
		return report_refusal("bad-entry", entry->path, "a hard link whose target is not a plain path");
	for (size_t i = 0; i < entry->xattrs.count; i++) {
		if (!xattr_allowed(entry->xattrs.list[i].name))
			return report_refusal("bad-entry", entry->path, "an attribute that images may not set");
	}
	if (top && !apply->layer)
		return 0; // the directory that the user named keeps its own metadata
	if (!apply->owner.keep) {
		entry->uid = apply->owner.uid;
		entry->gid = apply->owner.gid;
	}
	int outcome = dispatch(apply, entry);
	losses_at(&apply->losses, entry->path);
	return outcome;
}

// Takes entries until the end mark `z`. A stream without one was cut off: nothing that it made may be used.
static int apply_stream(struct apply *apply)
{
	for (;;) {
		struct cursor frame;
		int got = wire_frame(&apply->wire, &frame);
		if (got <= 0)
			return report_error("read the entries", NULL, got == 0 ? EPROTO : errno, NULL);
		if (frame.left == 1 && *frame.at == 'z')
			return 0;
		apply->frame.length = 0;
		if (bytes_add(&apply->frame, frame.at, frame.left) < 0)
			return report_error("read the entries", NULL, errno, NULL);
		struct cursor cursor = {.at = apply->frame.data, .left = apply->frame.length};
		cleanup_entry struct entry entry;
		if (entry_decode(&cursor, &entry) < 0)
			return report_error("read the entries", NULL, errno, NULL);
		if (apply_entry(apply, &entry) < 0)
			return report_is_final() ? -1 : report_error("unpack", NULL, errno, NULL);
	}
}

// Opens the directory that the entries go into, made when it is missing, and applies them. Nothing of it is open afterwards.
static int apply_into(struct apply *apply, const struct spec *spec, int root, const struct path_made *made)
{
	const char *path = spec_get(spec, "path");
	cleanup_fd int base = path_make_dirs(root, path == NULL ? "" : path, made);
	if (base < 0)
		return report_error("open the directory to unpack into", path, errno, NULL);
	apply->root = base;
	dirs_init(&apply->dirs, base, made);
	apply->dirs.implied = apply->layer ? on_implied : NULL;
	if (apply_stream(apply) < 0)
		return -1;
	if (dirs_finish(&apply->dirs) < 0)
		return report_error("set the times of directories", NULL, errno, NULL);
	dirs_free(&apply->dirs);
	return 0;
}

int verb_apply(const struct spec *spec)
{
	struct root root, below;
	long long made_time;
	bool has_below = spec_has_root(spec, "source");
	if (spec_root(spec, "root", &root) < 0 || (has_below && spec_root(spec, "source", &below) < 0) ||
	    spec_int(spec, "made-time", INT64_MIN, INT64_MAX, 0, &made_time) < 0 || ns_enter(spec) < 0)
		return -1;
	tree_raise_file_limit();
	int root_fd = root_open(&root, true);
	int below_fd = root_fd >= 0 && has_below ? root_open(&below, false) : -1;
	if (root_fd < 0 || (has_below && below_fd < 0))
		return -1;
	struct apply apply = {.wire = {.in = STDIN_FILENO, .out = -1}, .below = below_fd};
	apply.layer = spec_is(spec, "mode", "layer");
	if (ownership_read(spec, root_fd, &apply.owner) < 0)
		return -1;
	const struct path_made made = {
		.mode = 0755, .uid = apply.owner.uid, .gid = apply.owner.gid, .mtime = (time_t)made_time};
	if (apply_into(&apply, spec, root_fd, &made) < 0)
		return -1;
	losses_report(&apply.losses);
	if (has_below && root_close(&below, below_fd) < 0)
		return -1;
	return root_close(&root, root_fd);
}
