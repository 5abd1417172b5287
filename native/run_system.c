// SPDX-License-Identifier: Apache-2.0
// The kernel's file systems in a step's root: /proc, /sys, /dev.
// Each is mounted anew and handled by the descriptor of that mount, so nothing that the image has in these places takes part.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "owner.h"
#include "path.h"
#include "report.h"
#include "run.h"

#define PLAIN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)
/* A device that may be opened. */
#define DEVICE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

/* The directory to mount at. A symlink in its place is refused: the image means to mislead us. */
static int open_place(struct run *run, const char *path)
{
	struct stat status;
	cleanup_fd int place = path_open(run->root_fd, path, O_PATH | O_NOFOLLOW, 0);

	if (place >= 0 && fstat(place, &status) == 0 && !S_ISDIR(status.st_mode))
		return report_refusal("mount-target", path, "the image has something else than a directory here");
	return stubs_target(run, path, true, spec_bool(run->spec, "keep-mountpoints"));
}

/* Attaches mount (which it takes) at path; returns a descriptor of the mount. */
static int attach_place(struct run *run, const char *path, int mount)
{
	cleanup_fd int owned = mount;

	if (owned < 0)
		return report_error("mount a file system of the kernel", path, errno,
				    "a container needs --security-opt systempaths=unconfined (Podman: unmask=ALL) for this");
	cleanup_fd int place = open_place(run, path);
	if (place < 0)
		return -1;
	if (mount_attach(owned, place) < 0)
		return report_error("attach a mount", path, errno, NULL);
	return steal_fd(&owned);
}

/* Options of procfs that only hide more. */
static bool proc_option_valid(const char *option)
{
	static const char *const keys[] = { "hidepid=", "gid=", "subset=" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(option, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

static int mount_proc(struct run *run)
{
	const char *options[8] = { NULL };
	size_t count = 0;

	for (size_t cursor = 0; spec_next(run->spec, "proc-option", &cursor, &options[count]); count++)
		if (!proc_option_valid(options[count]) || count + 2 > sizeof(options) / sizeof(options[0]))
			return report_refusal("bad-request", "proc-option", "not an option of /proc");
	cleanup_fd int proc = attach_place(run, "/proc", fs_new("proc", options, PLAIN));
	return proc < 0 ? -1 : 0;
}

static const char cgroup_root[] = "/sys/fs/cgroup/";

/* One old hierarchy: the step's own group in it, where programs look for the whole. */
static int bind_old_cgroup(int directory, const char *path, unsigned attributes)
{
	char name[64];
	size_t prefix = sizeof(cgroup_root) - 1, length = strcspn(path + prefix, "/");

	if (strncmp(path, cgroup_root, prefix) != 0 || length >= sizeof(name))
		return 0; /* mounted in an unusual place: programs do not look there either */
	snprintf(name, sizeof(name), "%.*s", (int)length, path + prefix);
	cleanup_fd int group = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (group < 0 || (mkdirat(directory, name, 0755) < 0 && errno != EEXIST))
		return -1;
	cleanup_fd int place = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return place < 0 ? -1 : bind_over(group, place, attributes);
}

/* Where the old hierarchies are in use: those in which the step has a group of its own. */
static int mount_old_cgroups(struct run *run, int place, unsigned attributes)
{
	static const char *const options[] = { "mode=755", "size=64k", NULL };
	const char *path;

	if (spec_count(run->spec, "cgroup") == 0)
		return 0;
	cleanup_fd int directory = tmpfs_new(options, PLAIN);
	if (directory < 0 || mount_attach(directory, place) < 0)
		return report_error("mount control groups", NULL, errno, NULL);
	for (size_t cursor = 0; spec_next(run->spec, "cgroup", &cursor, &path);)
		if (bind_old_cgroup(directory, path, attributes) < 0)
			return report_error("mount control groups", path, errno, NULL);
	if (mount_restrict(directory, attributes, false) < 0)
		return report_error("mount control groups", NULL, errno, NULL);
	return 0;
}

/* /sys/fs/cgroup, seen from the step's own control group. */
static int mount_cgroup(struct run *run, int sys)
{
	unsigned attributes = PLAIN | (run->insecure ? 0 : MOUNT_ATTR_RDONLY);
	struct stat status;
	cleanup_fd int place = openat(sys, "fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (place < 0)
		return errno == ENOENT ? 0 : report_error("mount control groups", NULL, errno, NULL);
	/* Only the root of a unified hierarchy has this file. */
	if (stat("/sys/fs/cgroup/cgroup.controllers", &status) < 0)
		return mount_old_cgroups(run, place, attributes);
	cleanup_fd int mount = fs_new("cgroup2", NULL, attributes);
	/* A container's masked /sys: then the step sees no control groups. */
	if (mount < 0 && (errno == EPERM || errno == EBUSY))
		return 0;
	if (mount < 0 || mount_attach(mount, place) < 0)
		return report_error("mount control groups", NULL, errno, NULL);
	return 0;
}

static int mount_sys(struct run *run)
{
	unsigned attributes = PLAIN | (run->insecure ? 0 : MOUNT_ATTR_RDONLY);
	cleanup_fd int mount = fs_new("sysfs", NULL, attributes);

	/* sysfs belongs to a network namespace: with the host's, a user namespace gets the host's mount, read-only. */
	if (mount < 0 && errno == EPERM) {
		cleanup_fd int host = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
		mount = host < 0 ? -1 : mount_clone(host, true);
		if (mount >= 0 && mount_restrict(mount, PLAIN | MOUNT_ATTR_RDONLY, true) < 0)
			return report_error("make read-only", "/sys", errno, NULL);
	}
	cleanup_fd int sys = attach_place(run, "/sys", steal_fd(&mount));
	if (sys < 0)
		return -1;
	return mount_cgroup(run, sys);
}

/* A file system at a directory of /dev that is made for it. */
static int mount_in_dev(int dev, const char *name, int mount)
{
	cleanup_fd int owned = mount;

	if (owned < 0 || (mkdirat(dev, name, 0755) < 0 && errno != EEXIST))
		return report_error("set up /dev", name, errno, NULL);
	cleanup_fd int place = openat(dev, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0 || mount_attach(owned, place) < 0)
		return report_error("set up /dev", name, errno, NULL);
	return 0;
}

static int mount_pts(const struct run *run, int dev)
{
	int own = run->terminal.mount;

	return mount_in_dev(dev, "pts", own < 0 ? pts_new() : fcntl(own, F_DUPFD_CLOEXEC, 3));
}

/* True where the step asks for something else in a place of ours: that is not to lie on top of ours. */
static bool is_taken(const struct run *run, const char *path)
{
	struct spec mount;

	for (size_t cursor = 0; spec_group(run->spec, "mount", &cursor, &mount);) {
		const char *target = spec_need(&mount, "mount-target");
		if (target != NULL && strcmp(target, path) == 0)
			return true;
	}
	return false;
}

static int mount_below_dev(struct run *run, int dev)
{
	char size[48];
	const char *const shm[] = { "mode=1777", size, NULL };
	long long bytes;

	if (spec_int(run->spec, "shm-size", 1, INT64_MAX, 64LL << 20, &bytes) < 0)
		return -1;
	snprintf(size, sizeof(size), "size=%lld", bytes);
	if (mount_pts(run, dev) < 0)
		return -1;
	if (!is_taken(run, "/dev/shm") && mount_in_dev(dev, "shm", tmpfs_new(shm, PLAIN)) < 0)
		return -1;
	return mount_in_dev(dev, "mqueue", fs_new("mqueue", NULL, PLAIN));
}

static int bind_device(int dev, const char *name, int device, unsigned attributes)
{
	cleanup_fd int place = openat(dev, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (place < 0 || bind_over(device, place, attributes) < 0)
		return report_error("set up /dev", name, errno, NULL);
	return 0;
}

struct device {
	const char *name, *path;
	unsigned minor, major;
};

/*
 * The host's own node. In a user namespace nobody may change it: its owner is not mapped. Root could, and would lock the host out
 * of its /dev/null; the mount is read-only then, which says nothing about what is written to a device.
 */
static int bind_host_device(int dev, const struct device *device)
{
	unsigned attributes = DEVICE | (in_user_namespace() ? 0 : MOUNT_ATTR_RDONLY);
	cleanup_fd int host = device_open(device->path, device->major, device->minor);

	return host < 0 ? -1 : bind_device(dev, device->name, host, attributes);
}

/*
 * A node of the step's own, whose mode and owner it may change as it likes. /dev will be nodev: the node is bound over itself, and
 * that mount alone lets it be opened.
 */
static int make_device(int dev, const struct device *device)
{
	if (mknodat(dev, device->name, S_IFCHR | 0666, makedev(device->major, device->minor)) < 0)
		return errno == EPERM ? bind_host_device(dev, device) : report_error("set up /dev", device->name, errno, NULL);
	cleanup_fd int node = openat(dev, device->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0 || bind_over(node, node, DEVICE) < 0)
		return report_error("set up /dev", device->name, errno, NULL);
	return 0;
}

/* The command's terminal once more, where programs look for the machine's. Found in the file system that we made for it. */
static int bind_console(const struct run *run, int dev)
{
	const struct terminal *terminal = &run->terminal;

	if (terminal->mount < 0)
		return 0;
	cleanup_fd int slave = openat(terminal->mount, terminal->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (slave < 0)
		return report_error("open a device", "/dev/console", errno, NULL);
	return bind_device(dev, "console", slave, DEVICE);
}

/*
 * A /dev of our own. Its tmpfs and the root are mounted nodev: device nodes that a step makes (it may, packages do) cannot be
 * opened; only these six can, each by a mount of its own. That does without a device control group.
 */
static int mount_private_dev(struct run *run)
{
	static const struct device devices[] = { { "null", "/dev/null", 3, 1 },       { "zero", "/dev/zero", 5, 1 },
						 { "full", "/dev/full", 7, 1 },       { "random", "/dev/random", 8, 1 },
						 { "urandom", "/dev/urandom", 9, 1 }, { "tty", "/dev/tty", 0, 5 } };
	static const char *const links[][2] = { { "/proc/self/fd", "fd" },         { "/proc/self/fd/0", "stdin" },
						{ "/proc/self/fd/1", "stdout" },   { "/proc/self/fd/2", "stderr" },
						{ "/proc/kcore", "core" },         { "pts/ptmx", "ptmx" } };
	static const char *const options[] = { "mode=755", "size=65536k", NULL };
	cleanup_fd int dev = attach_place(run, "/dev", tmpfs_new(options, MOUNT_ATTR_NOSUID));

	if (dev < 0)
		return -1;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (make_device(dev, &devices[i]) < 0)
			return -1;
	if (mount_restrict(dev, MOUNT_ATTR_NODEV, false) < 0)
		return report_error("set up /dev", NULL, errno, NULL);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i][0], dev, links[i][1]) < 0)
			return report_error("set up /dev", links[i][1], errno, NULL);
	return mount_below_dev(run, dev) < 0 ? -1 : bind_console(run, dev);
}

/* security=insecure: the host's devices, with terminals, shared memory and message queues of the step's own. */
static int mount_host_dev(struct run *run)
{
	cleanup_fd int host = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (host < 0)
		return report_error("open the host's devices", "/dev", errno, NULL);
	cleanup_fd int dev = attach_place(run, "/dev", mount_clone(host, true));
	return dev < 0 ? -1 : mount_below_dev(run, dev);
}

int system_mount(struct run *run)
{
	if (mount_proc(run) < 0 || mount_sys(run) < 0)
		return -1;
	return run->insecure ? mount_host_dev(run) : mount_private_dev(run);
}
