// SPDX-License-Identifier: Apache-2.0
// Roots: layer directories of the store, opened and made, and joined to one tree by the driver that the request names.

#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "fuse.h"
#include "merged.h"
#include "mount.h"
#include "names.h"
#include "ns.h"
#include "overlay.h"
#include "owner.h"
#include "report.h"
#include "xattr.h"

/* A directory of ours by name, never through a symlink. */
static int open_dir_at(int parent, const char *name)
{
	return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * Tells ext4 that what is made in a directory is unrelated (chattr +T), so that each layer gets a part of the disk of its
 * own. Beside layers that were removed within the last minute every new inode passes over theirs: measured with 10,000
 * files, 0.1 s instead of 1.3 to 3.4 s. A hint: other file systems refuse it, and nothing is lost.
 */
static void spread_directories(int directory)
{
	int flags = 0;

	if (ioctl(directory, FS_IOC_GETFLAGS, &flags) < 0)
		return;
	flags |= FS_TOPDIR_FL;
	(void)ioctl(directory, FS_IOC_SETFLAGS, &flags);
}

int store_dir_open(int store, const char *name)
{
	bool made = mkdirat(store, name, 0700) == 0;

	if (!made && errno != EEXIST)
		return -1;
	cleanup_fd int directory = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory >= 0 && made)
		spread_directories(directory);
	return steal_fd(&directory);
}

static int open_layers(const struct root *root)
{
	cleanup_fd int store = open(root->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int layers = store < 0 ? -1 : store_dir_open(store, "snapshots");

	if (layers < 0)
		report_error("open the store's snapshots", root->store, errno, NULL);
	return layers;
}

static int open_layer(int layers, const char *id)
{
	cleanup_fd int outer = open_dir_at(layers, id);
	int layer = outer < 0 ? -1 : open_dir_at(outer, "fs");

	if (layer < 0 && errno == ENOENT)
		report_refusal("no-layer", id, "a layer's directory is missing in the store");
	else if (layer < 0)
		report_error("open a layer's directory", id, errno, NULL);
	return layer;
}

/* Owner, mode and attributes of the root directory below; 0:0 0755 where there is none. */
static int dress_upper(int upper, int below)
{
	struct stat status = { .st_mode = 0755 };
	cleanup_xattrs struct xattrs xattrs = { 0 };
	size_t lost;

	if (below >= 0 && (fstat(below, &status) < 0 || owner_read(below, NULL, &status) < 0 ||
			   xattrs_read(below, NULL, &xattrs) < 0))
		return -1;
	if (owner_write(upper, status.st_uid, status.st_gid) < 0 || fchmod(upper, status.st_mode & 07777) < 0 ||
	    xattrs_write(upper, &xattrs, &lost) < 0)
		return -1;
	if (below < 0)
		return 0;
	struct timespec times[2] = { status.st_atim, status.st_mtim };
	return futimens(upper, times);
}

/* Opens the upper directory, making it when it is missing. */
static int open_upper(int layers, const char *id, int below)
{
	if (mkdirat(layers, id, 0700) < 0 && errno != EEXIST)
		return report_error("make a layer's directory", id, errno, NULL);
	cleanup_fd int outer = open_dir_at(layers, id);
	if (outer < 0)
		return report_error("open a layer's directory", id, errno, NULL);
	bool made = mkdirat(outer, "fs", 0755) == 0;
	if (!made && errno != EEXIST)
		return report_error("make a layer's directory", id, errno, NULL);
	cleanup_fd int upper = openat(outer, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0)
		return report_error("open a layer's directory", id, errno, NULL);
	if (made && dress_upper(upper, below) < 0)
		return report_error("make a layer's directory", id, errno, NULL);
	return steal_fd(&upper);
}

/*
 * Removes what overlayfs leaves in its scratch directory: a few levels of directories and whiteouts, nothing of an image. The
 * helper of a builder that was killed may be at it as well.
 */
static int empty_scratch(int directory, int depth)
{
	cleanup_names struct names names = { 0 };

	if (names_read(directory, &names) < 0)
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.list[i];
		if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -1;
		if (depth == 0) {
			errno = ELOOP;
			return -1;
		}
		/* overlayfs gives its own directory mode 000; root of a user namespace may read it all the same. */
		cleanup_fd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0 && errno == ENOENT)
			continue;
		if (below < 0 || empty_scratch(below, depth - 1) < 0 ||
		    (unlinkat(directory, name, AT_REMOVEDIR) < 0 && errno != ENOENT))
			return -1;
	}
	return 0;
}

/*
 * Scratch directories have our number in their name: we may still be at ours when the next step in the same layer has made
 * another.
 */
#define SCRATCH_PREFIX "work-"

struct scratch_name {
	char text[sizeof(SCRATCH_PREFIX) + 10];
};

static struct scratch_name own_scratch(void)
{
	struct scratch_name name;

	snprintf(name.text, sizeof(name.text), SCRATCH_PREFIX "%u", (unsigned)getpid());
	return name;
}

static int drop_one_scratch(int outer, const char *name)
{
	cleanup_fd int scratch = openat(outer, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (scratch < 0)
		return errno == ENOENT ? 0 : -1;
	return empty_scratch(scratch, 16) < 0 || (unlinkat(outer, name, AT_REMOVEDIR) < 0 && errno != ENOENT) ? -1 : 0;
}

static int drop_own_scratch(int layers, const char *id)
{
	cleanup_fd int outer = open_dir_at(layers, id);

	if (outer < 0 || drop_one_scratch(outer, own_scratch().text) < 0)
		return report_error("remove overlayfs' scratch directory", id, errno, NULL);
	return 0;
}

/* What helpers before us have left, who were killed or are removing it just now. */
static int drop_all_scratch(int outer)
{
	cleanup_names struct names names = { 0 };

	if (names_read(outer, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (strncmp(names.list[i], SCRATCH_PREFIX, sizeof(SCRATCH_PREFIX) - 1) == 0 &&
		    drop_one_scratch(outer, names.list[i]) < 0)
			return -1;
	return 0;
}

/* A fresh scratch directory: one left by a crash carries the mark of a volatile mount and would be refused. */
static int make_scratch(int layers, const char *id)
{
	cleanup_fd int outer = openat(layers, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct scratch_name name = own_scratch();

	if (outer < 0 || drop_all_scratch(outer) < 0 || mkdirat(outer, name.text, 0700) < 0)
		return report_error("make overlayfs' scratch directory", id, errno, NULL);
	int scratch = open_dir_at(outer, name.text);
	if (scratch < 0)
		report_error("open overlayfs' scratch directory", id, errno, NULL);
	return scratch;
}

/*
 * In a user namespace overlayfs keeps its marks in attributes that anybody may set on a directory (user.overlay.*). A step that
 * wrote to one as it is could hide files from the steps after it that are in the image all the same. Through an overlay it cannot:
 * there the kernel keeps its own marks and a user's apart. So a step's first layer lies on an empty one.
 */
static bool needs_empty_layer(const struct root *root)
{
	return root->strangers && root->kind == ROOT_STACK && root->n_lowers == 0 && root->driver == DRIVER_OVERLAY &&
	       in_user_namespace();
}

static int make_empty_layer(int layers, const char *id)
{
	cleanup_fd int outer = open_dir_at(layers, id);

	if (outer < 0 || (mkdirat(outer, "empty", 0755) < 0 && errno != EEXIST))
		return report_error("make an empty layer", id, errno, NULL);
	int empty = open_dir_at(outer, "empty");
	if (empty < 0)
		report_error("make an empty layer", id, errno, NULL);
	return empty;
}

static int drop_empty_layer(int layers, const char *id)
{
	cleanup_fd int outer = open_dir_at(layers, id);

	if (outer >= 0 && unlinkat(outer, "empty", AT_REMOVEDIR) < 0 && errno != ENOENT)
		return report_error("remove an empty layer", id, errno, NULL);
	return 0;
}

static void close_stack(struct stack *stack)
{
	int saved = errno;

	for (size_t i = 0; i < stack->n_lowers; i++)
		close(stack->lowers[i]);
	if (stack->upper >= 0)
		close(stack->upper);
	if (stack->scratch >= 0)
		close(stack->scratch);
	errno = saved;
}

/* Opens everything the stack consists of, topmost first. */
static int open_stack(const struct root *root, bool writable, int layers, struct stack *stack)
{
	bool on_top = root->upper != NULL && !writable; /* the upper is one more layer that is only read */

	*stack = (struct stack){ .upper = -1, .scratch = -1 };
	if (root->n_lowers + on_top > MAX_LAYERS)
		return report_error("stack layers", NULL, E2BIG, "overlayfs takes at most 500 layers");
	if (on_top) {
		if ((stack->lowers[stack->n_lowers] = open_layer(layers, root->upper)) < 0)
			return -1;
		stack->n_lowers++;
	}
	for (size_t i = root->n_lowers; i > 0; i--) {
		if ((stack->lowers[stack->n_lowers] = open_layer(layers, root->lowers[i - 1])) < 0)
			return -1;
		stack->n_lowers++;
	}
	if (root->upper == NULL || !writable)
		return 0;
	/* Reading attributes needs a real descriptor, not an O_PATH one. */
	cleanup_fd int below = -1;
	if (stack->n_lowers > 0) {
		below = openat(stack->lowers[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below < 0)
			return report_error("open a layer's directory", root->lowers[root->n_lowers - 1], errno, NULL);
	}
	stack->upper = open_upper(layers, root->upper, below);
	if (stack->upper < 0)
		return -1;
	if (needs_empty_layer(root)) {
		if ((stack->lowers[0] = make_empty_layer(layers, root->upper)) < 0)
			return -1;
		stack->n_lowers = 1;
	}
	if (stack->n_lowers > 0 && root->driver != DRIVER_COPY && (stack->scratch = make_scratch(layers, root->upper)) < 0)
		return -1;
	return 0;
}

/* Where nothing can be mounted, a directory that has been removed: nobody can make anything in it either. -1: errno. */
static int empty_directory(int layers)
{
	static const char *const options[] = { "mode=755", "size=1m", NULL };
	char name[32];

	if (!ns_is_without())
		return tmpfs_new(options, MOUNT_ATTR_RDONLY);
	snprintf(name, sizeof(name), "empty-%d", (int)getpid());
	/* One of a process that was killed is as good. */
	if (mkdirat(layers, name, 0755) < 0 && errno != EEXIST)
		return -1;
	cleanup_fd int fd = openat(layers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || unlinkat(layers, name, AT_REMOVEDIR) < 0 ? -1 : steal_fd(&fd);
}

/* The one directory of a stack that needs no overlay, or an empty one; taken out of the stack. */
static int lone_directory(struct stack *stack, int layers)
{
	if (stack->upper >= 0)
		return steal_fd(&stack->upper);
	if (stack->n_lowers == 1)
		return stack->lowers[--stack->n_lowers];
	int fd = empty_directory(layers);
	if (fd < 0)
		report_error("make an empty root", NULL, errno, NULL);
	return fd;
}

/* One tree out of several layers, as the driver does it. -1: reported. */
static int join_stack(const struct root *root, int layers, const struct stack *stack)
{
	const struct fuse_stack fuse = { stack->lowers, stack->n_lowers, stack->upper, stack->scratch };
	int fd;

	switch (root->driver) {
	case DRIVER_FUSE:
		return fuse_mount(root, &fuse);
	case DRIVER_COPY:
		fd = stack->upper < 0 ? merged_open(root, layers) : merged_draft(root, layers, stack->upper);
		return fd < 0 ? report_error("copy the layers below", root->upper, errno, NULL) : fd;
	case DRIVER_OVERLAY:
		break;
	}
	fd = overlay_mount(stack);
	if (fd < 0)
		report_error("mount an overlay", root->upper, errno, overlay_hint(errno));
	return fd;
}

bool root_is_directory(const struct root *root)
{
	return root->kind == ROOT_DIRECTORY || (root->n_lowers == 0 && !needs_empty_layer(root)) || root->driver == DRIVER_COPY;
}

int root_open(const struct root *root, bool writable)
{
	struct stack stack;
	int fd;

	if (root->kind == ROOT_DIRECTORY) {
		fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? report_error("open a directory", root->path, errno, NULL) : fd;
	}
	if (writable && root->upper == NULL)
		return report_refusal("bad-request", NULL, "a root to write to needs an upper");
	cleanup_fd int layers = open_layers(root);
	if (layers < 0)
		return -1;
	if (writable && root->driver == DRIVER_COPY && merged_forget(layers, root->upper) < 0)
		return report_error("remove an outdated copy", root->upper, errno, NULL);
	if (open_stack(root, writable, layers, &stack) < 0) {
		fd = -1;
	} else if (stack.n_lowers + (stack.upper >= 0) < 2) {
		fd = lone_directory(&stack, layers);
	} else {
		fd = join_stack(root, layers, &stack);
	}
	close_stack(&stack);
	return fd;
}

/*
 * A tmpfs for the upper directory. Attached, because overlayfs takes no directory of a detached mount (before Linux 6.15):
 * over our own root, which hides nothing from us (see overlay.c), in our private namespace.
 */
static int memory_new(void)
{
	static const char *const options[] = { "mode=700", "nr_inodes=0", NULL };
	cleanup_fd int memory = tmpfs_new(options, 0);
	cleanup_fd int here = memory < 0 ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (here < 0 || mount_attach(memory, here) < 0)
		return report_error("make a root in memory", NULL, errno, NULL);
	/* Attributes of users live here as on a disk, or layers would differ. */
	if (fsetxattr(memory, "user.tsbuild", "", 0, 0) < 0 && (errno == EOPNOTSUPP || errno == EPERM))
		return report_refusal("no-memory-root", NULL, "a tmpfs with attributes needs Linux 6.6");
	return steal_fd(&memory);
}

static int make_open_dir(int parent, const char *name, mode_t mode)
{
	if (mkdirat(parent, name, mode) < 0)
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int root_open_in_memory(const struct root *root, int *upper)
{
	struct stack stack;

	if (root->kind != ROOT_STACK || root->upper != NULL)
		return report_refusal("bad-request", NULL, "a root in memory is made of read-only layers");
	if (ns_is_without() || (root->n_lowers > 0 && root->driver != DRIVER_OVERLAY))
		return report_refusal("no-memory-root", NULL, "a root in memory needs overlayfs");
	cleanup_fd int layers = open_layers(root);
	if (layers < 0)
		return -1;
	cleanup_fd int memory = memory_new();
	if (memory < 0 || open_stack(root, false, layers, &stack) < 0)
		return -1;
	int fd = -1;
	cleanup_fd int below = stack.n_lowers == 0 ? -1 : openat(stack.lowers[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stack.upper = make_open_dir(memory, "upper", 0755);
	stack.scratch = make_open_dir(memory, "work", 0700);
	if (stack.upper >= 0 && stack.scratch >= 0 && dress_upper(stack.upper, below) == 0)
		*upper = fcntl(stack.upper, F_DUPFD_CLOEXEC, 0);
	else
		*upper = -1;
	if (*upper < 0)
		report_error("make a root in memory", NULL, errno, NULL);
	else if (stack.n_lowers == 0)
		fd = steal_fd(&stack.upper);
	else if ((fd = overlay_mount(&stack)) < 0)
		report_error("mount an overlay", NULL, errno, overlay_hint(errno));
	close_stack(&stack);
	return fd;
}

int root_open_over(const struct root *root, int below)
{
	struct stack stack = { .upper = -1, .scratch = -1 };

	if (root->kind != ROOT_STACK || root->upper == NULL || root->n_lowers > 0)
		return report_refusal("bad-request", NULL, "a root over a directory is an upper alone");
	if (root->driver != DRIVER_OVERLAY)
		return report_refusal("no-overlay", NULL, "writes over a directory of this machine need overlayfs");
	cleanup_fd int layers = open_layers(root);
	if (layers < 0)
		return -1;
	stack.upper = open_upper(layers, root->upper, below);
	stack.scratch = stack.upper < 0 ? -1 : make_scratch(layers, root->upper);
	int fd = -1;
	if (stack.scratch >= 0) {
		stack.lowers[0] = below;
		stack.n_lowers = 1;
		if ((fd = overlay_mount(&stack)) < 0)
			report_error("mount an overlay", NULL, errno, overlay_hint(errno));
		stack.n_lowers = 0; /* below stays the caller's */
	}
	close_stack(&stack);
	return fd;
}

int root_leave(const struct root *root, int fd)
{
	if (fd >= 0 && close(fd) < 0)
		return report_error("close a root", root->upper, errno, NULL);
	if (root->kind == ROOT_DIRECTORY || root->upper == NULL ||
	    (root->driver == DRIVER_OVERLAY && !needs_empty_layer(root)))
		return 0;
	cleanup_fd int layers = open_layers(root);
	if (layers < 0)
		return -1;
	if (root->driver == DRIVER_OVERLAY)
		return drop_empty_layer(layers, root->upper);
	if (root->driver == DRIVER_FUSE)
		return fuse_finish(layers, root->upper);
	return merged_commit(root, layers) < 0 ? report_error("take over what was written", root->upper, errno, NULL) : 0;
}

int root_tidy(const struct root *root)
{
	if (root->kind == ROOT_DIRECTORY || root->upper == NULL)
		return 0;
	cleanup_fd int layers = open_layers(root);
	return layers < 0 ? -1 : drop_own_scratch(layers, root->upper);
}

int root_close(const struct root *root, int fd)
{
	return root_leave(root, fd) < 0 ? -1 : root_tidy(root);
}
