// SPDX-License-Identifier: Apache-2.0
// Owners when only some ids are mapped. A rootless user without /etc/subuid has one id: chown to any other fails with EINVAL.
// Layers must say the right owner all the same, so the wish is written beside the file, in user.tsbuild.owner ("uid:gid").
// An image cannot bring that attribute in (xattr_allowed), and none leaves with it.
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cleanup.h"
#include "ns.h"

#define OWNER_XATTR "user.tsbuild.owner"

// How many ids the map has, from /proc/self/uid_map; 0 when it cannot be read.
static uint64_t mapped_ids(void)
{
	cleanup_fd int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (length < 0)
		return 0;
	text[length] = '\0';
	uint64_t total = 0;
	unsigned int inside, outside, count;
	int used;
	for (const char *at = text; sscanf(at, "%u %u %u%n", &inside, &outside, &count, &used) == 3; at += used)
		total += count;
	return total;
}

// Both answers are asked for after ns_enter and do not change from then on.
bool in_user_namespace(void)
{
	static _Atomic int answer = -1;
	/* One that has all ids says nothing by its map. */
	if (answer < 0)
		answer = ns_is_rootless() || mapped_ids() != UINT32_MAX;
	return answer;
}

static bool single_id(void)
{
	static _Atomic int answer = -1;
	if (answer < 0)
		answer = mapped_ids() == 1;
	return answer;
}

static size_t unkept;

size_t owners_unkept(void)
{
	return unkept;
}

static bool cannot_be_given(int err)
{
	if (!in_user_namespace() || (err != EINVAL && err != EPERM))
		return false;
	unkept += !single_id(); // with several ids, nobody asks for the wish
	return true;
}

int owner_write(int fd, uid_t uid, gid_t gid)
{
	if (fchown(fd, uid, gid) == 0) {
		if (single_id() && fremovexattr(fd, OWNER_XATTR) < 0 && errno != ENODATA && errno != ENOTSUP)
			return -1;
		return 0;
	}
	if (!cannot_be_given(errno))
		return -1;
	char value[32];
	int size = snprintf(value, sizeof value, "%u:%u", uid, gid);
	if (fsetxattr(fd, OWNER_XATTR, value, (size_t)size, 0) == 0 || errno == ENOTSUP)
		return 0;
	return -1;
}

int owner_write_at(int directory, const char *name, uid_t uid, gid_t gid)
{
	if (fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 || cannot_be_given(errno))
		return 0;
	return -1;
}

int owner_read(int fd, const char *name, struct stat *status)
{
	if (!single_id() || (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)))
		return 0;
	char path[64 + NAME_MAX];
	if (name == NULL)
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	else
		snprintf(path, sizeof path, "/proc/self/fd/%d/%s", fd, name);
	char value[32];
	ssize_t size = name == NULL ? getxattr(path, OWNER_XATTR, value, sizeof value - 1)
				    : lgetxattr(path, OWNER_XATTR, value, sizeof value - 1);
	/* What may not be read says nothing; whoever needs its bytes hears of it. */
	if (size < 0)
		return errno == ENODATA || errno == ENOTSUP || errno == ERANGE || errno == EACCES ? 0 : -1;
	value[size] = '\0';
	char *end;
	unsigned long uid = strtoul(value, &end, 10);
	if (*end != ':' || uid >= UINT32_MAX)
		return 0;
	unsigned long gid = strtoul(end + 1, &end, 10);
	if (*end != '\0' || gid >= UINT32_MAX)
		return 0;
	status->st_uid = (uid_t)uid;
	status->st_gid = (gid_t)gid;
	return 0;
}
