// SPDX-License-Identifier: Apache-2.0
// What the tree verbs share.
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "path.h"

void tree_raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		// Refused: the walk stops with EMFILE where it needs more, and says so.
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

size_t tree_threads(size_t most)
{
	cpu_set_t processors;
	size_t count = sched_getaffinity(0, sizeof processors, &processors) < 0 ? 1 : (size_t)CPU_COUNT(&processors);
	return count < most ? count : most;
}

int parent_open(struct parent_cache *cache, const char *path, const char **last)
{
	const char *slash = strrchr(path, '/');
	*last = slash ? slash + 1 : path;
	if (!name_valid(*last)) {
		errno = **last == '\0' ? EISDIR : EINVAL;
		return -1;
	}
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (cache->path != NULL && strncmp(cache->path, path, length) == 0 && cache->path[length] == '\0')
		return cache->fd;
	parent_free(cache);
	cleanup_free char *parent = strndup(path, length);
	if (parent == NULL)
		return -1;
	int fd = path_open(cache->root, parent, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return -1;
	cache->path = steal_pointer(&parent);
	cache->fd = fd;
	return fd;
}

void parent_free(struct parent_cache *cache)
{
	if (cache->path == NULL)
		return;
	int saved = errno;
	free(cache->path);
	cache->path = NULL;
	close(cache->fd);
	errno = saved;
}

char *path_join(const char *parent, const char *name)
{
	size_t length = strlen(parent), rest = strlen(name) + 1;
	char *path = malloc(length + rest + 1);
	if (path == NULL)
		return NULL;
	memcpy(path, parent, length);
	if (length > 0 && rest > 1)
		path[length++] = '/';
	memcpy(path + length, name, rest);
	return path;
}
