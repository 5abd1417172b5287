// SPDX-License-Identifier: Apache-2.0
// Overlays, made by descriptor with the new mount interface where the kernel has all of it, else by one string of options.

#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "mount.h"
#include "owner.h"

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
int overlay_mount(const struct stack *stack)
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

const char *overlay_hint(int err)
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
		return "the disk of the store is full, or out of inodes (df -i), or a limit of the kernel is reached (fs.mount-max)";
	case E2BIG:
		return "so many layers need Linux 6.5 or newer";
	default:
		return NULL;
	}
}
