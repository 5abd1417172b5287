// SPDX-License-Identifier: Apache-2.0
// What a step may not see or change: paths of the request that are hidden or made read-only once everything is mounted. Each is
// opened inside the root and covered by descriptor, so an image that has symlinks in these places only misleads itself.

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "path.h"
#include "report.h"
#include "run.h"

#define PLAIN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)

int bind_over(int from, int to, unsigned attributes)
{
	cleanup_fd int clone = mount_clone(from, true);

	if (clone < 0 || mount_restrict(clone, attributes, true) < 0)
		return -1;
	return mount_attach(clone, to);
}

int device_open(const char *path, unsigned major, unsigned minor)
{
	struct stat status;
	cleanup_fd int device = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (device < 0 || fstat(device, &status) < 0)
		return report_error("open a device", path, errno, NULL);
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(major, minor))
		return report_error("open a device", path, ENODEV, "the host's /dev has something else under this name");
	return steal_fd(&device);
}

/* What is there, or -1 with errno 0: nothing, which is fine. */
static int open_existing(const struct run *run, const char *path, struct stat *status)
{
	cleanup_fd int target = path_open(run->root_fd, path, O_PATH, 0);

	if (target < 0 || fstat(target, status) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			errno = 0;
		return -1;
	}
	return steal_fd(&target);
}

/* Files are hidden behind /dev/null, directories behind an empty one. */
static int mask(const struct run *run, const char *path, int null_device, int *empty)
{
	static const char *const options[] = { "mode=555", "nr_blocks=1", "nr_inodes=1", NULL };
	struct stat status;
	cleanup_fd int target = open_existing(run, path, &status);

	if (target < 0)
		return errno == 0 ? 0 : report_error("mask", path, errno, NULL);
	int rc;
	if (!S_ISDIR(status.st_mode)) {
		rc = bind_over(null_device, target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	} else if (*empty >= 0) {
		rc = bind_over(*empty, target, PLAIN | MOUNT_ATTR_RDONLY);
	} else {
		*empty = tmpfs_new(options, PLAIN | MOUNT_ATTR_RDONLY);
		rc = *empty < 0 ? -1 : mount_attach(*empty, target);
	}
	return rc < 0 ? report_error("mask", path, errno, NULL) : 0;
}

static int make_read_only(const struct run *run, const char *path)
{
	struct stat status;
	cleanup_fd int target = open_existing(run, path, &status);

	if (target < 0)
		return errno == 0 ? 0 : report_error("make read-only", path, errno, NULL);
	if (bind_over(target, target, PLAIN | MOUNT_ATTR_RDONLY) < 0)
		return report_error("make read-only", path, errno, NULL);
	return 0;
}

int hide_paths(const struct run *run)
{
	cleanup_fd int null_device = spec_count(run->spec, "mask") == 0 ? -1 : device_open("/dev/null", 1, 3);
	cleanup_fd int empty = -1;
	const char *path;

	if (null_device < 0 && spec_count(run->spec, "mask") > 0)
		return -1;
	for (size_t cursor = 0; spec_next(run->spec, "read-only", &cursor, &path);)
		if (make_read_only(run, path) < 0)
			return -1;
	for (size_t cursor = 0; spec_next(run->spec, "mask", &cursor, &path);)
		if (mask(run, path, null_device, &empty) < 0)
			return -1;
	return 0;
}
