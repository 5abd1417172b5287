// SPDX-License-Identifier: Apache-2.0
// An entry against the one of the same name in the layers below.
#include "compare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"

int look_below(int lower, const char *name, struct stat *status)
{
	if (lower < 0)
		return 0;
	if (fstatat(lower, name, status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	return !entry_is_whiteout(status);
}

static bool same_metadata(const struct entry *a, const struct entry *b)
{
	return a->type == b->type && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->size == b->size &&
	       a->mtime == b->mtime && a->mtime_ns == b->mtime_ns && a->major == b->major && a->minor == b->minor &&
	       xattrs_equal(&a->xattrs, &b->xattrs);
}

static int same_link(int upper, int lower, const char *name)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t a_length = readlinkat(upper, name, a, sizeof a), b_length = readlinkat(lower, name, b, sizeof b);
	if (a_length < 0 || b_length < 0)
		return -1;
	return a_length == b_length && memcmp(a, b, (size_t)a_length) == 0;
}

int alike(int upper, int lower, const char *name, const struct entry *entry, struct stat *below)
{
	cleanup_entry struct entry other = {0};
	if (entry_fill(&other, lower, name, below) < 0)
		return -1;
	if (!same_metadata(entry, &other))
		return 0;
	if (entry->type == 'l')
		return same_link(upper, lower, name);
	return entry->type == 'f' && entry->size > 0 ? CONTENT_DECIDES : 1;
}

int entry_unchanged(int upper, int lower, const char *name, const struct entry *entry, struct stat *below)
{
	int same = alike(upper, lower, name, entry, below);
	if (same != CONTENT_DECIDES)
		return same;
	cleanup_fd int a = content_open(upper, name);
	cleanup_fd int b = content_open(lower, name);
	return a < 0 || b < 0 ? -1 : content_equal(a, b);
}
