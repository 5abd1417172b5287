// SPDX-License-Identifier: Apache-2.0
// Mount points inside the root that had to be made, and their removal. Everything is undone by descriptors taken when it
// was made: whatever the step puts in the place of a directory on the way, no other path is ever touched.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "path.h"
#include "report.h"
#include "run.h"

#define MAX_STUBS 2048
#define MAX_LINKS 40

struct stub {
	int parent; /* opened for reading, to put its times back */
	int self;   /* O_PATH */
	bool directory;
	char name[256];
};

struct stubs {
	size_t count;
	struct stub list[MAX_STUBS];
};

struct stubs *stubs_new(void)
{
	void *memory = mmap(NULL, sizeof(struct stubs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	report_error("allocate memory", NULL, errno, NULL);
	return NULL;
}

/* Takes both descriptors. */
static int remember(struct stubs *stubs, int parent, int self, const char *name, bool directory)
{
	if (stubs->count == MAX_STUBS) {
		close(parent);
		close(self);
		errno = E2BIG;
		return -1;
	}
	struct stub *stub = &stubs->list[stubs->count];
	*stub = (struct stub){ .parent = parent, .self = self, .directory = directory };
	snprintf(stub->name, sizeof(stub->name), "%s", name);
	stubs->count++;
	return 0;
}

struct making {
	struct stubs *stubs;
	int root;
};

/* Called for each directory that path_make_dirs makes. */
static int remember_directory(int fd, const char *path, void *context)
{
	struct making *making = context;
	const char *name;

	cleanup_fd int found = path_open_parent(making->root, path, &name);
	if (found < 0)
		return -1;
	cleanup_fd int parent = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int self = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (parent < 0 || self < 0)
		return -1;
	return remember(making->stubs, steal_fd(&parent), steal_fd(&self), name, true);
}

static int make_directories(struct run *run, const char *path, bool keep)
{
	struct making making = { run->stubs, run->root_fd };
	struct path_made made = { .mode = 0755, .call = keep ? NULL : remember_directory, .context = &making };

	return path_make_dirs(run->root_fd, path, &made);
}

/* Makes an empty file; times of its directory stay. Returns an O_PATH descriptor, or -1 with errno (EEXIST: a symlink). */
static int make_file(struct run *run, const char *directory, const char *name, bool keep)
{
	struct stat before;
	cleanup_fd int parent = make_directories(run, directory, keep);

	if (parent < 0 || fstat(parent, &before) < 0)
		return -1;
	cleanup_fd int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	struct timespec times[2] = { before.st_atim, before.st_mtim };
	if (futimens(parent, times) < 0)
		return -1;
	cleanup_fd int self = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (self < 0)
		return -1;
	if (!keep) {
		int copy = fcntl(self, F_DUPFD_CLOEXEC, 3);
		if (copy < 0 || remember(run->stubs, steal_fd(&parent), copy, name, false) < 0)
			return -1;
	}
	return steal_fd(&self);
}

/* Where a dangling symlink leads: its target, relative to its own directory unless absolute. NULL: errno. */
static char *link_target(int root, const char *directory, const char *name)
{
	char target[4096];
	cleanup_fd int parent = path_open(root, directory, O_PATH | O_DIRECTORY, 0);
	ssize_t length = parent < 0 ? -1 : readlinkat(parent, name, target, sizeof(target) - 1);
	char *joined;

	if (length < 0)
		return NULL;
	target[length] = '\0';
	if (target[0] == '/')
		return strdup(target);
	return asprintf(&joined, "%s/%s", directory, target) < 0 ? NULL : joined;
}

/* The file at path, or what its dangling symlinks lead to, made. -1: errno. */
static int find_or_make_file(struct run *run, const char *path, bool keep)
{
	cleanup_free char *current = strdup(path);

	for (int links = 0; current != NULL && links < MAX_LINKS; links++) {
		char *slash = strrchr(current, '/');
		if (slash == NULL || !name_valid(slash + 1)) {
			errno = EISDIR;
			return -1;
		}
		cleanup_free char *directory = strndup(current, (size_t)(slash - current));
		if (directory == NULL)
			return -1;
		int fd = make_file(run, directory, slash + 1, keep);
		if (fd >= 0 || errno != EEXIST)
			return fd;
		char *next = link_target(run->root_fd, directory, slash + 1);
		if (next == NULL)
			return -1;
		free(current);
		current = next;
	}
	errno = ELOOP;
	return -1;
}

int stubs_target(struct run *run, const char *path, bool directory, bool keep)
{
	struct stat status;
	cleanup_fd int fd = path_open(run->root_fd, path, O_PATH, 0);

	if (fd < 0 && errno == ENOENT) {
		if (directory) {
			cleanup_fd int made = make_directories(run, path, keep);
			fd = made < 0 ? -1 : path_open(run->root_fd, path, O_PATH, 0);
		} else {
			fd = find_or_make_file(run, path, keep);
		}
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return report_error("make a place to mount at", path, errno, NULL);
	if (S_ISDIR(status.st_mode) != directory)
		return report_refusal("mount-target", path,
				      directory ? "a directory cannot be mounted over a file" :
						  "a file cannot be mounted over a directory");
	return steal_fd(&fd);
}

void stubs_uncover(const struct stubs *stubs)
{
	for (size_t i = stubs->count; i > 0; i--) {
		const struct stub *stub = &stubs->list[i - 1];
		if (fchdir(stub->parent) == 0)
			while (umount2(stub->name, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
				continue;
	}
}

static void remove_stub(const struct stub *stub)
{
	struct stat own, found, parent;

	if (fstat(stub->self, &own) < 0 || fstat(stub->parent, &parent) < 0)
		return;
	/* Replaced, filled or removed by the step: then it is the step's. */
	if (fstatat(stub->parent, stub->name, &found, AT_SYMLINK_NOFOLLOW) < 0 || found.st_ino != own.st_ino ||
	    found.st_dev != own.st_dev)
		return;
	if (!stub->directory && (!S_ISREG(found.st_mode) || found.st_size != 0))
		return;
	if (unlinkat(stub->parent, stub->name, stub->directory ? AT_REMOVEDIR : 0) < 0)
		return; /* not empty */
	struct timespec times[2] = { parent.st_atim, parent.st_mtim };
	futimens(stub->parent, times);
}

void stubs_remove(struct stubs *stubs)
{
	for (size_t i = stubs->count; i > 0; i--) {
		struct stub *stub = &stubs->list[i - 1];
		remove_stub(stub);
		close(stub->self);
		close(stub->parent);
	}
	stubs->count = 0;
}
