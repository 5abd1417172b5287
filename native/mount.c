// SPDX-License-Identifier: Apache-2.0
// Roots and file systems as detached mounts, made with the new mount interface: by descriptor, without option strings to
// escape, and gone with the process whatever happens to it.

#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "fuse.h"
#include "merged.h"
#include "names.h"
#include "owner.h"
#include "report.h"
#include "xattr.h"

#define MAX_LAYERS 500

int fs_new(const char *type, const char *const *options, unsigned attributes)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);

	/* What `mount` shows as the source. */
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", type, 0) < 0)
		return -1;
	for (; options != NULL && *options != NULL; options++) {
		char key[32];
		const char *equals = strchr(*options, '=');
		size_t length = equals == NULL ? strlen(*options) : (size_t)(equals - *options);
		if (length >= sizeof(key)) {
			errno = EINVAL;
			return -1;
		}
		memcpy(key, *options, length);
		key[length] = '\0';
		int rc = equals == NULL ? fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0) :
					  fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1, 0);
		if (rc < 0)
			return -1;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

int tmpfs_new(const char *const *options, unsigned attributes)
{
	return fs_new("tmpfs", options, attributes);
}

int mount_clone(int fd, bool recursive)
{
	return open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

int mount_restrict(int mount, unsigned attributes, bool recursive)
{
	struct mount_attr attr = { .attr_set = attributes };

	return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			    sizeof(attr));
}

int mount_attach(int mount, int target)
{
	return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* A directory of ours by name, never through a symlink. */
static int open_dir_at(int parent, const char *name)
{
	return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int store_dir_open(int store, const char *name)
{
	if (mkdirat(store, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return open_dir_at(store, name);
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

/* Removes what overlayfs leaves in its scratch directory: a few levels of directories and whiteouts, nothing of an image. */
static int empty_scratch(int directory, int depth)
{
	cleanup_names struct names names = { 0 };

	if (names_read(directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.list[i];
		if (unlinkat(directory, name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return -1;
		if (depth == 0) {
			errno = ELOOP;
			return -1;
		}
		/* overlayfs gives its own directory mode 000; root of a user namespace may read it all the same. */
		cleanup_fd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0 || empty_scratch(below, depth - 1) < 0 || unlinkat(directory, name, AT_REMOVEDIR) < 0)
			return -1;
	}
	return 0;
}

static int drop_scratch(int layers, const char *id)
{
	cleanup_fd int outer = open_dir_at(layers, id);
	cleanup_fd int scratch = -1;

	if (outer >= 0)
		scratch = openat(outer, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (scratch < 0)
		return errno == ENOENT ? 0 : report_error("open overlayfs' scratch directory", id, errno, NULL);
	if (empty_scratch(scratch, 16) < 0 || unlinkat(outer, "work", AT_REMOVEDIR) < 0)
		return report_error("remove overlayfs' scratch directory", id, errno, NULL);
	return 0;
}

/* A fresh scratch directory: one left by a crash carries the mark of a volatile mount and would be refused. */
static int make_scratch(int layers, const char *id)
{
	if (drop_scratch(layers, id) < 0)
		return -1;
	cleanup_fd int outer = open_dir_at(layers, id);
	if (outer < 0 || mkdirat(outer, "work", 0700) < 0)
		return report_error("make overlayfs' scratch directory", id, errno, NULL);
	int scratch = open_dir_at(outer, "work");
	if (scratch < 0)
		report_error("open overlayfs' scratch directory", id, errno, NULL);
	return scratch;
}

/* What an overlay is made of, top first, by descriptor. */
struct stack {
	int lowers[MAX_LAYERS];
	size_t n_lowers;
	int upper;
	int scratch;
};

static int set_number(int context, const char *key, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	return fsconfig(context, FSCONFIG_SET_STRING, key, text, 0);
}

/* Features that would make a layer's meaning depend on attributes that no other tool reads. */
static int switch_features_off(int context)
{
	static const char *const features[] = { "index", "redirect_dir", "metacopy" };

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (fsconfig(context, FSCONFIG_SET_STRING, features[i], "off", 0) < 0)
			return -1;
		/* In a user namespace overlayfs keeps its marks in user.*, and then has no redirects or metacopies at all. */
		if (in_user_namespace())
			return fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0);
	}
	return 0;
}

static int configure_overlay(int context, const struct stack *stack)
{
	if (fsconfig(context, FSCONFIG_SET_STRING, "source", "overlay", 0) < 0 || switch_features_off(context) < 0)
		return -1;
	if (stack->upper < 0)
		return 0;
	/* No fsync reaches the disk: what a crash interrupts is thrown away anyway. */
	if (fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
		return -1;
	if (set_number(context, "upperdir", stack->upper) < 0)
		return -1;
	return set_number(context, "workdir", stack->scratch);
}

static int mount_by_descriptors(const struct stack *stack)
{
	cleanup_fd int context = fsopen("overlay", FSOPEN_CLOEXEC);

	if (context < 0 || configure_overlay(context, stack) < 0)
		return -1;
	for (size_t i = 0; i < stack->n_lowers; i++)
		if (set_number(context, "lowerdir+", stack->lowers[i]) < 0)
			return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, stack->upper < 0 ? MOUNT_ATTR_RDONLY : 0);
}

/*
 * Before Linux 6.5: all lower directories in one string of at most a page, and mount(2), which attaches. It is attached
 * over the current directory of our private namespace for as long as it takes to clone and detach it.
 */
static int mount_by_string(const struct stack *stack)
{
	char options[4096];
	size_t used = 0;

	for (size_t i = 0; i < stack->n_lowers && used < sizeof(options); i++)
		used += (size_t)snprintf(options + used, sizeof(options) - used, "%s%d", i == 0 ? "lowerdir=" : ":",
					 stack->lowers[i]);
	if (used < sizeof(options))
		used += (size_t)snprintf(options + used, sizeof(options) - used,
					 ",index=off,%s",
					 in_user_namespace() ? "userxattr" : "redirect_dir=off,metacopy=off");
	if (stack->upper >= 0 && used < sizeof(options))
		used += (size_t)snprintf(options + used, sizeof(options) - used, ",volatile,upperdir=%d,workdir=%d",
					 stack->upper, stack->scratch);
	if (used >= sizeof(options)) {
		errno = E2BIG;
		return -1;
	}
	/* Lookups of "/" do not cross what is mounted over our own root, so this hides nothing from us. */
	if (mount("overlay", "/", "overlay", stack->upper < 0 ? MS_RDONLY : 0, options) < 0)
		return -1;
	/* ".." of the root directory is the root directory, followed to the topmost mount on it. */
	cleanup_fd int attached = open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int detached = attached < 0 ? -1 : mount_clone(attached, false);
	int saved = errno;
	if (umount2("/..", MNT_DETACH) < 0)
		return -1;
	errno = saved;
	return detached;
}

/*
 * The directories are named by descriptor number, relative to /proc/self/fd: short (the kernel takes at most 255 bytes a
 * name, a page in all), free of characters to escape, and not to be exchanged for a symlink in between.
 */
static int mount_stack(const struct stack *stack)
{
	cleanup_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (before < 0 || chdir("/proc/self/fd") < 0)
		return -1;
	int fd = mount_by_descriptors(stack);
	if (fd < 0 && errno == EINVAL)
		fd = mount_by_string(stack);
	int saved = errno;
	if (fchdir(before) < 0)
		return -1;
	errno = saved;
	return fd;
}

static const char *overlay_hint(int err)
{
	switch (err) {
	case ENODEV:
		return "load the kernel module overlay (modprobe overlay)";
	case EPERM:
		return "overlayfs in a user namespace needs Linux 5.11 or newer and an unmasked /proc";
	case EINVAL:
		return "the store's file system may not serve overlayfs (NFS and overlayfs itself do not)";
	case ELOOP:
		return "layers overlap or are nested too deeply";
	case ENOSPC:
		return "a limit of the kernel is reached (fs.mount-max)";
	case E2BIG:
		return "so many layers need Linux 6.5 or newer";
	default:
		return NULL;
	}
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
	*stack = (struct stack){ .upper = -1, .scratch = -1 };
	if (root->n_lowers + 1 > MAX_LAYERS)
		return report_error("stack layers", NULL, E2BIG, "overlayfs takes at most 500 layers");
	if (root->upper != NULL && !writable) {
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
	if (stack->n_lowers > 0 && root->driver != DRIVER_COPY && (stack->scratch = make_scratch(layers, root->upper)) < 0)
		return -1;
	return 0;
}

/* The one directory of a stack that needs no overlay, or an empty one; taken out of the stack. */
static int lone_directory(struct stack *stack)
{
	static const char *const empty[] = { "mode=755", "size=1m", NULL };

	if (stack->upper >= 0)
		return steal_fd(&stack->upper);
	if (stack->n_lowers == 1)
		return stack->lowers[--stack->n_lowers];
	int fd = tmpfs_new(empty, MOUNT_ATTR_RDONLY);
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
	fd = mount_stack(stack);
	if (fd < 0)
		report_error("mount an overlay", root->upper, errno, overlay_hint(errno));
	return fd;
}

bool root_is_directory(const struct root *root)
{
	return root->kind == ROOT_DIRECTORY || root->n_lowers == 0 || root->driver == DRIVER_COPY;
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
		fd = lone_directory(&stack);
	} else {
		fd = join_stack(root, layers, &stack);
	}
	close_stack(&stack);
	return fd;
}

/*
 * A tmpfs for the upper directory. Attached, because overlayfs takes no directory of a detached mount (before Linux 6.15):
 * over our own root, which hides nothing from us (see mount_by_string), in our private namespace.
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
	if (root->n_lowers > 0 && root->driver != DRIVER_OVERLAY)
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
	else if ((fd = mount_stack(&stack)) < 0)
		report_error("mount an overlay", NULL, errno, overlay_hint(errno));
	close_stack(&stack);
	return fd;
}

int root_close(const struct root *root, int fd)
{
	if (fd >= 0 && close(fd) < 0)
		return report_error("close a root", root->upper, errno, NULL);
	if (root->kind == ROOT_DIRECTORY || root->upper == NULL)
		return 0;
	cleanup_fd int layers = open_layers(root);
	if (layers < 0)
		return -1;
	if (root->driver == DRIVER_FUSE && fuse_finish(layers, root->upper) < 0)
		return -1;
	if (root->driver == DRIVER_COPY && merged_commit(root, layers) < 0)
		return report_error("take over what was written", root->upper, errno, NULL);
	return drop_scratch(layers, root->upper);
}
