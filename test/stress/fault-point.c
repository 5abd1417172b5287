// SPDX-License-Identifier: Apache-2.0
// A preloaded library that makes the Nth change of a store the last one. Changes are counted in the process that
// FAULT_ROOT, FAULT_AT and FAULT_KIND are meant for; the helper is linked statically, and never sees this.
//   FAULT_ROOT  directory whose changes count
//   FAULT_AT    number of the change at which it happens; 0: never
//   FAULT_KIND  kill: the process dies before the change; half: a write is cut in half, and then it dies;
//               full: from here on every change that takes space fails with ENOSPC; error: this one fails with EIO,
//               unless it is a page of LMDB, which does not survive that
//   FAULT_COUNT file that gets the number of changes at the end
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *root;
static long at;
static const char *kind = "";
static atomic_long count;
static bool off = true;

__attribute__((constructor)) static void begin(void)
{
	const char *number = getenv("FAULT_AT");
	root = getenv("FAULT_ROOT");
	kind = getenv("FAULT_KIND") ? getenv("FAULT_KIND") : "";
	at = number ? atol(number) : 0;
	off = root == NULL;
	// For this process only.
	unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAULT_COUNT");
	FILE *out = path ? fopen(path, "w") : NULL;
	if (out != NULL) {
		fprintf(out, "%ld\n", atomic_load(&count));
		fclose(out);
	}
}

static _Noreturn void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static bool is_path_below(const char *path)
{
	size_t length = root ? strlen(root) : 0;
	return !off && path != NULL && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_fd_below(int fd)
{
	char link[64], path[PATH_MAX];
	if (off)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	return is_path_below(path);
}

enum change {
	GROWTH, // takes space
	PAGE, // of LMDB, in its place, or a change of the length of one of its files, as only it makes any
	OTHER,
};

// 0: go on, -1: fail with errno.
static int step(enum change change)
{
	long now = atomic_fetch_add(&count, 1) + 1;
	if (at == 0 || now < at)
		return 0;
	if (strcmp(kind, "kill") == 0 || strcmp(kind, "half") == 0)
		die();
	if (strcmp(kind, "full") == 0 && change == GROWTH)
		return errno = ENOSPC, -1;
	if (strcmp(kind, "error") == 0 && change != PAGE && now == at)
		return errno = EIO, -1;
	return 0;
}

static bool is_half_now(void)
{
	return strcmp(kind, "half") == 0 && at != 0 && atomic_load(&count) + 1 == at;
}

#define REAL(name) \
	static __typeof__(&name) real; \
	if (real == NULL) \
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static bool ends_with(const char *path, const char *end)
{
	size_t length = strlen(path), n = strlen(end);
	return length >= n && strcmp(path + length - n, end) == 0;
}

// The beginning of a new file of LMDB; tsbuild tries before whether there is room for it.
static bool is_beginning(const char *path, off64_t end)
{
	return ends_with(path, ".mdb-lock") || (ends_with(path, ".mdb") && end <= 2 * 4096);
}

// Bytes that a file has already take no space, and only LMDB writes over those.
static enum change change_of(int fd, off64_t offset, size_t size)
{
	struct stat64 status;
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = '\0';
	if (is_beginning(path, offset + (off64_t)size))
		return PAGE;
	return fstat64(fd, &status) == 0 && offset + (off64_t)size <= status.st_size ? PAGE : GROWTH;
}

static size_t size_of(const struct iovec *parts, int n)
{
	size_t size = 0;
	for (int i = 0; i < n; i++)
		size += parts[i].iov_len;
	return size;
}

#define FD_WRITE(name, parameters, arguments, half_arguments, change) \
	ssize_t name parameters \
	{ \
		REAL(name); \
		if (is_fd_below(fd)) { \
			if (is_half_now()) { \
				(void)!real half_arguments; \
				die(); \
			} \
			if (step(change) < 0) \
				return -1; \
		} \
		return real arguments; \
	}

FD_WRITE(write, (int fd, const void *data, size_t size), (fd, data, size), (fd, data, size / 2),
	 change_of(fd, lseek64(fd, 0, SEEK_CUR), size))
FD_WRITE(pwrite, (int fd, const void *data, size_t size, off_t offset), (fd, data, size, offset),
	 (fd, data, size / 2, offset), change_of(fd, offset, size))
FD_WRITE(pwrite64, (int fd, const void *data, size_t size, off64_t offset), (fd, data, size, offset),
	 (fd, data, size / 2, offset), change_of(fd, offset, size))
FD_WRITE(writev, (int fd, const struct iovec *parts, int n), (fd, parts, n), (fd, parts, n / 2),
	 change_of(fd, lseek64(fd, 0, SEEK_CUR), size_of(parts, n)))
FD_WRITE(pwritev, (int fd, const struct iovec *parts, int n, off_t offset), (fd, parts, n, offset),
	 (fd, parts, n / 2, offset), change_of(fd, offset, size_of(parts, n)))
FD_WRITE(pwritev64, (int fd, const struct iovec *parts, int n, off64_t offset), (fd, parts, n, offset),
	 (fd, parts, n / 2, offset), change_of(fd, offset, size_of(parts, n)))

#define FD_CHANGE(name, parameters, arguments, change) \
	int name parameters \
	{ \
		REAL(name); \
		return is_fd_below(fd) && step(change) < 0 ? -1 : real arguments; \
	}

FD_CHANGE(fsync, (int fd), (fd), OTHER)
FD_CHANGE(fdatasync, (int fd), (fd), OTHER)
FD_CHANGE(ftruncate, (int fd, off_t size), (fd, size), change_of(fd, 0, 0))
FD_CHANGE(ftruncate64, (int fd, off64_t size), (fd, size), change_of(fd, 0, 0))
FD_CHANGE(fchmod, (int fd, mode_t mode), (fd, mode), OTHER)

#define PATH_CHANGE(name, parameters, arguments, change) \
	int name parameters \
	{ \
		REAL(name); \
		return is_path_below(path) && step(change) < 0 ? -1 : real arguments; \
	}

PATH_CHANGE(rename, (const char *path, const char *to), (path, to), OTHER)
PATH_CHANGE(unlink, (const char *path), (path), OTHER)
PATH_CHANGE(rmdir, (const char *path), (path), OTHER)
PATH_CHANGE(mkdir, (const char *path, mode_t mode), (path, mode), GROWTH)
PATH_CHANGE(chmod, (const char *path, mode_t mode), (path, mode), OTHER)

// Only opening that may create is a change.
#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		REAL(name); \
		va_list rest; \
		va_start(rest, flags); \
		mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0; \
		va_end(rest); \
		bool changes = (flags & (O_CREAT | O_TRUNC)) != 0 && is_path_below(path); \
		return changes && step(is_beginning(path, 0) ? PAGE : GROWTH) < 0 ? -1 : real(path, flags, mode); \
	}

OPEN(open)
OPEN(open64)
