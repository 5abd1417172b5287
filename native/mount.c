// SPDX-License-Identifier: Apache-2.0
// File systems as detached mounts, made with the new mount interface: by descriptor, without option strings to escape, and
// gone with the process whatever happens to it.

#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"

int fs_new(const char *type, const char *const *options, unsigned attributes)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);

	/* What `mount` shows as the source. */
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", type, 0) < 0)
		return -1;
	for (; options != NULL && *options != NULL; options++) {
		char key[32];
		const char *equals = strchr(*options, '=');
		size_t length = equals == NULL ? strlen(*options) : (size_t)(equals - *options);
		if (length >= sizeof(key)) {
			errno = EINVAL;
			return -1;
		}
		memcpy(key, *options, length);
		key[length] = '\0';
		int rc = equals == NULL ? fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0) :
					  fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1, 0);
		if (rc < 0)
			return -1;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

int tmpfs_new(const char *const *options, unsigned attributes)
{
	return fs_new("tmpfs", options, attributes);
}

int mount_clone(int fd, bool recursive)
{
	return open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

int mount_restrict(int mount, unsigned attributes, bool recursive)
{
	struct mount_attr attr = { .attr_set = attributes };

	return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
			    sizeof(attr));
}

int mount_end_writes(int mount)
{
	cleanup_fd int context = fspick(mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);

	if (context < 0 || fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
		return -1;
	return fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
}

int mount_attach(int mount, int target)
{
	return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
