// SPDX-License-Identifier: Apache-2.0
// The mounts that a step asks for, each opened by descriptor inside its source's root and attached by descriptor inside the
// step's root, in order. Nothing passes option strings to the kernel but sizes and modes that we printed ourselves.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "io.h"
#include "owner.h"
#include "path.h"
#include "report.h"
#include "run.h"

/* The mode, owner and group fields of a mount. */
struct dress {
	long long mode, uid, gid;
};

static int read_dress(const struct spec *mount, long long mode, struct dress *dress)
{
	if (spec_int(mount, "mount-mode", 0, 07777, mode, &dress->mode) < 0 ||
	    spec_int(mount, "mount-uid", 0, INT32_MAX, 0, &dress->uid) < 0)
		return -1;
	return spec_int(mount, "mount-gid", 0, INT32_MAX, 0, &dress->gid);
}

/*
 * Clones what is at fd. Before Linux 6.15 that is refused inside of a detached mount: it is attached meanwhile, over whatever
 * lies over our old root. It must not stay there, which is where the step's "/.." leads: it has all of a secret or of another
 * stage, and paths through ".." would end in it. What was taken away again is of no more use, and *root is closed.
 */
static int clone_from(int *root, int fd)
{
	int clone = mount_clone(fd, true);

	if (clone >= 0 || errno != EINVAL)
		return clone;
	cleanup_fd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || mount_attach(*root, top) < 0)
		return -1;
	cleanup_fd int attached = mount_clone(fd, true);
	int err = errno;
	/* ".." of the root directory is the root directory, followed to the topmost mount on it. */
	if (umount2("/..", MNT_DETACH) < 0)
		return -1;
	close(*root);
	*root = -1;
	errno = err;
	return steal_fd(&attached);
}

/* A detached mount of `from` inside the root at fd. -1: reported. */
static int clone_inside(int *root, const char *from)
{
	cleanup_fd int source = path_open(*root, from, O_PATH, 0);

	if (source < 0 && (errno == ENOENT || errno == ENOTDIR))
		return report_refusal("mount-source", from, "the source of a mount does not exist");
	int clone = source < 0 ? -1 : clone_from(root, source);
	if (clone < 0)
		return report_error("open the source of a mount", from, errno, NULL);
	return clone;
}

static const char *source_path(const struct spec *mount)
{
	const char *from = spec_get(mount, "mount-from");

	return from == NULL ? "" : from;
}

static int open_bind(const struct spec *mount)
{
	struct root root;

	if (spec_root(mount, "mount-source", &root) < 0)
		return -1;
	cleanup_fd int fd = root_open(&root, !spec_bool(mount, "mount-read-only") && root.upper != NULL);
	return fd < 0 ? -1 : clone_inside(&fd, source_path(mount));
}

/* Gives a cache's directory its owner and mode and moves it into place, so that no other helper ever sees it half made. */
static int place_cache(int from, const char *name, int outer, const struct dress *dress)
{
	cleanup_fd int fd = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || owner_write(fd, (uid_t)dress->uid, (gid_t)dress->gid) < 0 || fchmod(fd, (mode_t)dress->mode) < 0)
		return -1;
	if (renameat2(from, name, outer, "fs", RENAME_NOREPLACE) == 0 || errno == EEXIST)
		return 0;
	return -1;
}

static int make_cache(int outer, const struct dress *dress)
{
	uint64_t random;
	char name[32];

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(name, sizeof(name), "new-%016" PRIx64, random);
	if (mkdirat(outer, name, 0700) < 0)
		return -1;
	if (place_cache(outer, name, outer, dress) < 0)
		return -1;
	/* Gone when it was moved; left, and empty, when another helper was faster. */
	return unlinkat(outer, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* The first content of a cache: a layer directory that was made for nothing else. */
static int seed_cache(int store, const char *seed, int outer, const struct dress *dress)
{
	cleanup_fd int layers = openat(store, "snapshots", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int layer = layers < 0 ? -1 : openat(layers, seed, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return layer < 0 ? -1 : place_cache(layer, "fs", outer, dress);
}

static int open_existing_cache(int outer)
{
	return openat(outer, "fs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_or_make_cache(const struct spec *mount, int store, const char *id, const struct dress *dress)
{
	const char *seed = spec_get(mount, "mount-seed");
	cleanup_fd int caches = store_dir_open(store, "cache-mounts");

	if (caches < 0 || (mkdirat(caches, id, 0700) < 0 && errno != EEXIST))
		return -1;
	cleanup_fd int outer = openat(caches, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (outer < 0)
		return -1;
	int fd = open_existing_cache(outer);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	int made = seed == NULL ? make_cache(outer, dress) : seed_cache(store, seed, outer, dress);
	return made < 0 ? -1 : open_existing_cache(outer);
}

static int open_cache(const struct spec *mount)
{
	const char *id = spec_need(mount, "mount-cache");
	struct dress dress;

	if (id == NULL || read_dress(mount, 0755, &dress) < 0)
		return -1;
	if (mount->store == NULL)
		return report_refusal("bad-request", "store", "a cache needs the store's directory");
	cleanup_fd int store = open(mount->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int fd = store < 0 ? -1 : open_or_make_cache(mount, store, id, &dress);
	return fd < 0 ? report_error("open a cache", id, errno, NULL) : clone_inside(&fd, source_path(mount));
}

static int open_tmpfs(const struct spec *mount)
{
	char mode[32], size[48];
	const char *options[3] = { mode, NULL, NULL };
	struct dress dress;
	long long bytes;

	if (read_dress(mount, 01777, &dress) < 0 || spec_int(mount, "mount-size", 0, INT64_MAX, 0, &bytes) < 0)
		return -1;
	snprintf(mode, sizeof(mode), "mode=%llo", dress.mode);
	if (bytes > 0) {
		snprintf(size, sizeof(size), "size=%lld", bytes);
		options[1] = size;
	}
	int fd = tmpfs_new(options, 0);
	return fd < 0 ? report_error("make a tmpfs", spec_get(mount, "mount-target"), errno, NULL) : fd;
}

/* A file of memory with these bytes: never on disk, except for swap. All of a step's lie in one file system. */
static int open_file(struct run *run, const struct spec *mount, unsigned number)
{
	static const char *const options[] = { "mode=700", NULL };
	struct dress dress;
	cleanup_free unsigned char *bytes = NULL;
	char name[16];
	size_t size;

	if (read_dress(mount, 0400, &dress) < 0 || spec_bytes(mount, "mount-bytes", &bytes, &size) < 0)
		return -1;
	/* It stays open until we end: to close a mount takes the kernel a millisecond, and the step would wait for that. */
	if (run->memory < 0 && (run->memory = tmpfs_new(options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID)) < 0)
		return report_error("make a file system in memory", NULL, errno, NULL);
	snprintf(name, sizeof(name), "%u", number);
	cleanup_fd int file = openat(run->memory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || write_all(file, bytes, size) < 0 || owner_write(file, (uid_t)dress.uid, (gid_t)dress.gid) < 0 ||
	    fchmod(file, (mode_t)dress.mode) < 0)
		return report_error("make a file in memory", spec_get(mount, "mount-target"), errno, NULL);
	/* A mount of a file that is open for writing cannot be made read-only. */
	close(steal_fd(&file));
	return clone_inside(&run->memory, name);
}

/* The socket is ours (the caller's proxy of the host's one), so its owner and mode may be set. */
static int open_socket(const struct spec *mount)
{
	const char *path = spec_need(mount, "mount-path");
	struct stat status;
	struct dress dress;
	char self[48];

	if (path == NULL || read_dress(mount, 0600, &dress) < 0)
		return -1;
	cleanup_fd int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return report_error("open a socket", path, errno, NULL);
	if (!S_ISSOCK(status.st_mode))
		return report_refusal("mount-source", path, "this is no socket");
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fchownat(fd, "", (uid_t)dress.uid, (gid_t)dress.gid, AT_EMPTY_PATH) < 0 || chmod(self, (mode_t)dress.mode) < 0)
		return report_error("set a socket's owner", path, errno, NULL);
	int clone = mount_clone(fd, false);
	return clone < 0 ? report_error("open a socket", path, errno, NULL) : clone;
}

/* A directory of the host whose writes go to an upper of the store. What is mounted in it is not seen. */
static int open_host_below(const struct spec *mount, const char *path)
{
	struct root root;

	if (spec_root(mount, "mount-source", &root) < 0)
		return -1;
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return report_refusal("mount-source", path, "the source of a mount does not exist, or is no directory");
	return fd < 0 ? report_error("open the source of a mount", path, errno, NULL) : root_open_over(&root, fd);
}

/* What the user named on the host: symlinks on the way are theirs. Their own submounts come along. */
static int open_host(const struct spec *mount)
{
	const char *path = spec_need(mount, "mount-path");

	if (path == NULL)
		return -1;
	if (spec_has_root(mount, "mount-source"))
		return open_host_below(mount, path);
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return report_refusal("mount-source", path, "the source of a mount does not exist");
	int clone = fd < 0 ? -1 : mount_clone(fd, true);
	return clone < 0 ? report_error("open the source of a mount", path, errno, NULL) : clone;
}

/*
 * A device of the host, by the name that its specification has for it. Where the host mounts its place without devices it cannot be
 * opened there either, and so not here.
 */
static int open_device(const struct spec *mount)
{
	const char *path = spec_need(mount, "mount-path");
	struct stat status;

	if (path == NULL)
		return -1;
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return report_refusal("mount-source", path, "this machine has no such device");
	if (fd < 0 || fstat(fd, &status) < 0)
		return report_error("open a device", path, errno, NULL);
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))
		return report_refusal("mount-source", path, "this is no device");
	int clone = mount_clone(fd, false);
	return clone < 0 ? report_error("open a device", path, errno, NULL) : clone;
}

static int open_source(struct run *run, const struct spec *mount, unsigned number)
{
	const char *kind = mount->values[0];

	if (strcmp(kind, "host") == 0)
		return open_host(mount);
	if (strcmp(kind, "device") == 0)
		return open_device(mount);
	if (strcmp(kind, "bind") == 0)
		return open_bind(mount);
	if (strcmp(kind, "cache") == 0)
		return open_cache(mount);
	if (strcmp(kind, "tmpfs") == 0)
		return open_tmpfs(mount);
	if (strcmp(kind, "file") == 0)
		return open_file(run, mount, number);
	return open_socket(mount);
}

int mounts_open(struct run *run)
{
	struct spec mount;
	unsigned count = 0;

	run->sources = calloc(spec_count(run->spec, "mount") + 1, sizeof(*run->sources));
	if (run->sources == NULL)
		return report_error("allocate memory", NULL, errno, NULL);
	for (size_t cursor = 0; spec_group(run->spec, "mount", &cursor, &mount); count++)
		if ((run->sources[count] = open_source(run, &mount, count)) < 0)
			return -1;
	return 0;
}

/*
 * Neither over the root itself nor over anything of /proc, which programs and we rely on to tell the truth; looked at where
 * the target's links have led to (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642).
 */
static int check_place(const struct run *run, int place, const char *target)
{
	struct statfs system;
	struct stat status, root;

	if (fstatfs(place, &system) < 0 || fstat(place, &status) < 0 || fstat(run->root_fd, &root) < 0)
		return report_error("look at the place of a mount", target, errno, NULL);
	if (system.f_type == PROC_SUPER_MAGIC)
		return report_refusal("mount-target", target, "nothing can be mounted in /proc");
	if (status.st_dev == root.st_dev && status.st_ino == root.st_ino)
		return report_refusal("mount-target", target, "nothing can be mounted over the root");
	return 0;
}

/* What a mount may not be used for. A device may be opened, and, where the step could change its owner and mode, not changed. */
static unsigned mount_attributes(const struct run *run, const struct spec *mount)
{
	const char *kind = mount->values[0];
	bool host = strcmp(kind, "host") == 0;

	if (strcmp(kind, "device") == 0)
		return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | (in_user_namespace() ? 0 : MOUNT_ATTR_RDONLY);
	bool read_only = spec_bool(mount, "mount-read-only") || strcmp(kind, "file") == 0;
	return (run->insecure ? 0 : MOUNT_ATTR_NODEV) | (read_only ? MOUNT_ATTR_RDONLY : 0) |
	       (host || strcmp(kind, "bind") == 0 ? 0 : MOUNT_ATTR_NOSUID);
}

/* Takes source. */
static int attach_one(struct run *run, const struct spec *mount, int source)
{
	const char *target = spec_need(mount, "mount-target");
	cleanup_fd int owned = source;
	struct stat status;

	if (target == NULL)
		return -1;
	if (mount_restrict(source, mount_attributes(run, mount), true) < 0 || fstat(source, &status) < 0)
		return report_error("restrict a mount", target, errno, NULL);
	cleanup_fd int place = stubs_target(run, target, S_ISDIR(status.st_mode), spec_bool(mount, "mount-keep"));
	if (place < 0 || check_place(run, place, target) < 0)
		return -1;
	if (mount_attach(source, place) < 0)
		return report_error("attach a mount", target, errno, NULL);
	return 0;
}

int mounts_attach(struct run *run)
{
	struct spec mount;
	size_t count = 0;

	for (size_t cursor = 0; spec_group(run->spec, "mount", &cursor, &mount); count++)
		if (attach_one(run, &mount, run->sources[count]) < 0)
			return -1;
	return 0;
}

int mounts_finish(struct run *run)
{
	struct spec mount;
	struct root root;

	for (size_t cursor = 0; spec_group(run->spec, "mount", &cursor, &mount);) {
		if (strcmp(mount.values[0], "bind") != 0 || spec_bool(&mount, "mount-read-only"))
			continue;
		if (spec_root(&mount, "mount-source", &root) < 0 || root_close(&root, -1) < 0)
			return -1;
	}
	return 0;
}
