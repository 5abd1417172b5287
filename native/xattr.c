// SPDX-License-Identifier: Apache-2.0
// Extended attributes. The allow-list stands here and nowhere else in C: security.capability (file capabilities) and user.*;
// labels of the host (security.selinux), ACLs and overlayfs' own marks never enter or leave an image. Nor do names with `=`,
// which a PAX record cannot say: it ends the key there, and readers would take the rest for the value.
#include "xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "owner.h"

#define LIST_MAX 65536u // XATTR_LIST_MAX
// What is asked for first: the kernel takes as much memory as is offered, each time.
#define LIST_USUAL 1024u
#define VALUE_MAX 65536u // XATTR_SIZE_MAX

#ifndef SYS_listxattrat
#define SYS_listxattrat 465
#endif

bool xattr_allowed(const char *name)
{
	if (strcmp(name, "security.capability") == 0)
		return true;
	if (strncmp(name, "user.", 5) != 0 || name[5] == '\0' || strlen(name) > 255 || strchr(name, '=') != NULL)
		return false;
	return strncmp(name, "user.overlay.", 13) != 0 && strncmp(name, "user.tsbuild.", 13) != 0 &&
	       strncmp(name, "user.fuseoverlayfs.", 19) != 0;
}

// Without listxattrat, a (directory, name) pair becomes a path: /proc/self/fd/N is the open directory itself, so only the one
// component after it is looked up, and the l-variants do not follow it.
#define PLACE_SIZE (64 + NAME_MAX)

static void place(char path[PLACE_SIZE], int fd, const char *name)
{
	if (name == NULL)
		snprintf(path, PLACE_SIZE, "/proc/self/fd/%d", fd);
	else
		snprintf(path, PLACE_SIZE, "/proc/self/fd/%d/%s", fd, name);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct xattr *)a)->name, ((const struct xattr *)b)->name);
}

// The names of the attributes. Most files have none, and a walk asks for each: listxattrat (Linux 6.13) does it in a fifth of
// the time of the way through /proc.
static ssize_t list_names(int fd, const char *name, char *names, size_t size)
{
	static _Thread_local bool has_at_call = true;
	if (has_at_call && name != NULL) {
		long length = syscall(SYS_listxattrat, fd, name, AT_SYMLINK_NOFOLLOW, names, size);
		if (length >= 0 || errno != ENOSYS)
			return length;
		has_at_call = false;
	}
	// What is open itself is asked directly; an O_PATH descriptor, which that call refuses, through /proc.
	ssize_t length = name == NULL ? flistxattr(fd, names, size) : -1;
	if (name == NULL && (length >= 0 || errno != EBADF))
		return length;
	char path[PLACE_SIZE];
	place(path, fd, name);
	return name == NULL ? listxattr(path, names, size) : llistxattr(path, names, size);
}

// Appends one attribute: name, NUL, value. Its pointers are set later, because the text may move while it grows.
static int read_one(const char *path, const char *name, bool follow, struct xattrs *out)
{
	size_t name_size = strlen(name) + 1;
	if (bytes_reserve(&out->text, name_size + VALUE_MAX) < 0)
		return -1;
	unsigned char *end = out->text.data + out->text.length;
	ssize_t size = follow ? getxattr(path, name, end + name_size, VALUE_MAX)
			      : lgetxattr(path, name, end + name_size, VALUE_MAX);
	if (size < 0)
		return errno == ENODATA || errno == EACCES ? 0 : -1; // attributes of users are read as the bytes are
	struct xattr *grown = realloc(out->list, (out->count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	memcpy(end, name, name_size);
	out->list = grown;
	out->list[out->count++] = (struct xattr){.size = (size_t)size};
	out->text.length += name_size + (size_t)size;
	return 0;
}

int xattrs_read(int fd, const char *name, struct xattrs *out)
{
	static _Thread_local char names[LIST_MAX];
	*out = (struct xattrs){0};
	ssize_t length = list_names(fd, name, names, LIST_USUAL);
	if (length < 0 && errno == ERANGE)
		length = list_names(fd, name, names, sizeof names);
	if (length <= 0)
		return length == 0 || errno == ENOTSUP ? 0 : -1;
	char path[PLACE_SIZE];
	place(path, fd, name);
	bool follow = name == NULL; // through /proc/self/fd/N to the file that is open, and no further
	for (char *at = names; at < names + length; at += strlen(at) + 1) {
		if (xattr_allowed(at) && read_one(path, at, follow, out) < 0) {
			xattrs_free(out);
			return -1;
		}
	}
	unsigned char *text = out->text.data;
	for (size_t i = 0; i < out->count; i++) {
		out->list[i].name = (const char *)text;
		out->list[i].value = text + strlen((const char *)text) + 1;
		text += strlen((const char *)text) + 1 + out->list[i].size;
	}
	if (out->count > 1)
		qsort(out->list, out->count, sizeof *out->list, compare);
	return 0;
}

int xattrs_write(int fd, const struct xattrs *xattrs, size_t *lost)
{
	for (size_t i = 0; i < xattrs->count; i++) {
		const struct xattr *one = &xattrs->list[i];
		if (fsetxattr(fd, one->name, one->value, one->size, 0) == 0)
			continue;
		if (lost == NULL || (errno != ENOTSUP && errno != EPERM))
			return -1;
		(*lost)++;
	}
	return 0;
}

int xattrs_clear(int fd)
{
	cleanup_xattrs struct xattrs old = {0};
	if (xattrs_read(fd, NULL, &old) < 0)
		return -1;
	for (size_t i = 0; i < old.count; i++)
		if (fremovexattr(fd, old.list[i].name) < 0 && errno != ENODATA)
			return -1;
	if (fremovexattr(fd, opaque_xattr()) < 0 && errno != ENODATA && errno != ENOTSUP && errno != EPERM)
		return -1;
	return 0;
}

bool xattrs_equal(const struct xattrs *a, const struct xattrs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct xattr *x = &a->list[i], *y = &b->list[i];
		if (strcmp(x->name, y->name) != 0 || x->size != y->size || memcmp(x->value, y->value, x->size) != 0)
			return false;
	}
	return true;
}

void xattrs_free(struct xattrs *xattrs)
{
	free(xattrs->list);
	bytes_free(&xattrs->text);
	*xattrs = (struct xattrs){0};
}

const char *opaque_xattr(void)
{
	return in_user_namespace() ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

int whiteouts_announce(int directory)
{
	const char *name = in_user_namespace() ? "user.overlay.origin" : "trusted.overlay.origin";
	return fsetxattr(directory, name, "", 0, 0) == 0 || errno == ENOTSUP ? 0 : -1;
}

int opaque_get(int directory)
{
	char value[2];
	ssize_t size = fgetxattr(directory, opaque_xattr(), value, sizeof value);
	if (size < 0)
		return errno == ENODATA || errno == ENOTSUP || errno == ERANGE ? 0 : -1;
	return size == 1 && value[0] == 'y';
}

int opaque_set(int directory)
{
	return fsetxattr(directory, opaque_xattr(), "y", 1, 0);
}
