// SPDX-License-Identifier: Apache-2.0
// Opening paths below a root: the only user of openat2. Everything else in native/ works with (directory fd, one component).
//
// Why this is enough: RESOLVE_IN_ROOT makes the kernel itself treat `root` as "/" during the walk, so neither `..` nor an
// absolute symlink leaves it, however the tree changes while we walk. RESOLVE_NO_MAGICLINKS closes /proc/PID/{fd,root,cwd},
// which are jumps and not paths.
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "owner.h"

// A rename that races with `..` makes the kernel answer EAGAIN; an attacker may race for ever, we do not.
#define OPEN_TRIES 64
// Dangling symlinks followed by one path_make_dirs; the kernel's own limit for links in a path.
#define MAX_LINKS 40

bool name_valid(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length > NAME_MAX)
		return false;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return strchr(name, '/') == NULL;
}

int path_open(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.mode = (flags & (O_CREAT | O_TMPFILE)) ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	if (*path == '\0')
		path = ".";
	for (int tries = 0; tries < OPEN_TRIES; tries++) {
		long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
	}
	return -1;
}

// The last component of `path` and the length of what stands before it; -1 with errno when there is no plain last name.
static int split(const char *path, const char **last, size_t *parent_length)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (*name == '\0' && (slash == NULL || slash == path)) {
		errno = EISDIR;
		return -1;
	}
	if (!name_valid(name)) {
		errno = strlen(name) > NAME_MAX ? ENAMETOOLONG : EINVAL;
		return -1;
	}
	*last = name;
	*parent_length = slash ? (size_t)(slash - path) : 0;
	return 0;
}

int path_open_parent(int root, const char *path, const char **last)
{
	size_t length;
	if (split(path, last, &length) < 0)
		return -1;
	cleanup_free char *parent = strndup(path, length);
	if (parent == NULL)
		return -1;
	return path_open(root, parent, O_RDONLY | O_DIRECTORY, 0);
}

// Makes one directory in `parent`, gives it its metadata, and puts the parent's times back.
static int make_one(int parent, const char *name, const char *path, const struct path_made *made)
{
	struct stat before;
	if (fstat(parent, &before) < 0)
		return -1;
	if (mkdirat(parent, name, 0700) < 0)
		return -1;
	cleanup_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	const struct timespec times[2] = {{.tv_sec = made->mtime}, {.tv_sec = made->mtime}};
	if (owner_write(fd, made->uid, made->gid) < 0)
		return -1;
	if (fchmod(fd, made->mode & 07777) < 0 || futimens(fd, times) < 0)
		return -1;
	const struct timespec restore[2] = {{.tv_nsec = UTIME_OMIT}, before.st_mtim};
	if (futimens(parent, restore) < 0)
		return -1;
	if (made->call != NULL && made->call(fd, path, made->context) < 0)
		return -1;
	return 0;
}

// Reads a symlink into a fresh string; NULL with errno.
static char *read_link(int parent, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
	if (length < 0)
		return NULL;
	target[length] = '\0';
	return strdup(target);
}

// `done` joined with `name`, then `rest`: three pieces of a path with slashes between those that are not empty.
static char *join(const char *done, const char *name, const char *rest)
{
	size_t size = strlen(done) + strlen(name) + strlen(rest) + 3;
	if (size > PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	char *path = malloc(size);
	if (path == NULL)
		return NULL;
	char *end = stpcpy(path, done);
	if (*name != '\0') {
		if (end != path)
			*end++ = '/';
		end = stpcpy(end, name);
	}
	if (*rest != '\0') {
		if (end != path)
			*end++ = '/';
		end = stpcpy(end, rest);
	}
	return path;
}

// One missing component: the directory is made, or, when a dangling symlink stands there, `*path` is rewritten to what the
// link means and the walk starts anew (returns 1). `done` is the prefix that exists, `rest` what follows the component.
static int step_missing(int root, const char *done, const char *name, const char *rest, const struct path_made *made,
			char **path, int *links)
{
	cleanup_fd int parent = path_open(root, done, O_RDONLY | O_DIRECTORY, 0);
	if (parent < 0)
		return -1;
	cleanup_free char *target = read_link(parent, name);
	if (target == NULL && errno == EINVAL) {
		// There, but neither a directory (path_open said so) nor a link.
		errno = ENOTDIR;
		return -1;
	}
	if (target == NULL && errno != ENOENT)
		return -1;
	if (target == NULL) {
		cleanup_free char *here = join(done, name, "");
		if (here == NULL)
			return -1;
		return make_one(parent, name, here, made);
	}
	if (++*links > MAX_LINKS) {
		errno = ELOOP;
		return -1;
	}
	char *rewritten = *target == '/' ? join("", target + 1, rest) : join(done, target, rest);
	if (rewritten == NULL)
		return -1;
	free(*path);
	*path = rewritten;
	return 1;
}

int path_make_dirs(int root, const char *wanted, const struct path_made *made)
{
	int fd = path_open(root, wanted, O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	cleanup_free char *path = strdup(wanted);
	if (path == NULL)
		return -1;
	int links = 0;
	size_t at = 0; // start of the component in hand; path[0, at) exists
	for (;;) {
		while (path[at] == '/')
			at++;
		if (path[at] == '\0')
			return path_open(root, path, O_RDONLY | O_DIRECTORY, 0);
		size_t end = at + strcspn(path + at, "/");
		cleanup_free char *prefix = strndup(path, end);
		if (prefix == NULL)
			return -1;
		cleanup_fd int here = path_open(root, prefix, O_PATH | O_DIRECTORY, 0);
		if (here >= 0) {
			at = end;
			continue;
		}
		if (errno != ENOENT)
			return -1;
		cleanup_free char *done = strndup(path, at);
		cleanup_free char *name = strndup(path + at, end - at);
		cleanup_free char *rest = strdup(path[end] == '/' ? path + end + 1 : "");
		if (done == NULL || name == NULL || rest == NULL)
			return -1;
		while (*done != '\0' && done[strlen(done) - 1] == '/')
			done[strlen(done) - 1] = '\0';
		if (!name_valid(name)) {
			errno = strlen(name) > NAME_MAX ? ENAMETOOLONG : ENOENT;
			return -1;
		}
		int outcome = step_missing(root, done, name, rest, made, &path, &links);
		if (outcome < 0)
			return -1;
		at = outcome == 1 ? 0 : end;
	}
}
