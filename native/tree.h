// SPDX-License-Identifier: Apache-2.0
// What the tree verbs share: limits, and the last parent directory kept open for reading.
#pragma once

#include <stddef.h>

/// Deepest directory that a walk enters. A path that deep is beyond what PATH_MAX lets programs name anyway.
#define TREE_MAX_DEPTH 2000

/// Walks hold one or two descriptors a level: raises the soft limit of open files to the hard one.
void tree_raise_file_limit(void);

/// How many threads have a processor here: 1 to `most`.
size_t tree_threads(size_t most);

/// The parent directory of the path looked up last. Symlinks in the parent's path are followed inside the root.
struct parent_cache {
	int root;
	char *path; // NULL: empty
	int fd;
};

/// The parent of `path` (an O_PATH descriptor valid until the next call) and its last component. -1 with errno.
int parent_open(struct parent_cache *cache, const char *path, const char **last);
void parent_free(struct parent_cache *cache);
#define cleanup_parent __attribute__((cleanup(parent_free)))

/// `parent`, a slash when it is not empty, and `name`, in fresh memory; NULL with errno.
char *path_join(const char *parent, const char *name);
