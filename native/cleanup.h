// SPDX-License-Identifier: Apache-2.0
// Ownership by scope: a variable marked with one of these releases what it holds when it goes out of scope.
// errno survives the release, so `return -1` keeps the reason.
#ifndef TSBUILD_CLEANUP_H
#define TSBUILD_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
}

static inline void cleanup_release(void *pointer)
{
	int saved = errno;
	free(*(void **)pointer);
	errno = saved;
}

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir != NULL) {
		int saved = errno;
		closedir(*dir);
		errno = saved;
	}
}

#define cleanup_fd __attribute__((cleanup(cleanup_close)))
#define cleanup_free __attribute__((cleanup(cleanup_release)))
#define cleanup_dir __attribute__((cleanup(cleanup_closedir)))

/* Hands the descriptor over: the variable no longer owns it. */
static inline int steal_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static inline void *steal_pointer(void *pointer)
{
	void *taken = *(void **)pointer;
	*(void **)pointer = NULL;
	return taken;
}

#endif
