// SPDX-License-Identifier: Apache-2.0
// Making entries. Nothing here follows a symlink at the final name or writes through an existing file: a name is new or was
// unlinked first.
#include "make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "names.h"
#include "owner.h"
#include "report.h"
#include "tree.h"
#include "user.h"

int ownership_read(const struct spec *spec, int root, struct ownership *out)
{
	*out = (struct ownership){.keep = spec_is(spec, "owner", "keep")};
	if (out->keep)
		return 0;
	const char *who = spec_get(spec, "owner-spec");
	long long uid, gid;
	if (who != NULL && *who != '\0' && who[strspn(who, "0123456789")] == '\0') {
		// A lone number is user and group, known to the image or not.
		if (!parse_int(who, &uid) || uid > UINT32_MAX - 1)
			return report_refusal("unknown-user", who, "a user id that is out of range");
		gid = uid;
	} else if (who != NULL) {
		struct user user;
		if (user_lookup(root, who, &user) < 0)
			return -1;
		uid = user.uid;
		gid = user.gid;
	} else if (spec_int(spec, "owner-uid", 0, UINT32_MAX - 1, 0, &uid) < 0 ||
		   spec_int(spec, "owner-gid", 0, UINT32_MAX - 1, 0, &gid) < 0) {
		return -1;
	}
	out->uid = (uid_t)uid;
	out->gid = (gid_t)gid;
	return 0;
}

static int remove_below(int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth >= TREE_MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	cleanup_fd int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_names struct names names = {0};
	if (directory < 0 || names_read(directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		if (remove_below(directory, names.list[i], depth + 1) < 0)
			return -1;
	}
	return unlinkat(parent, name, AT_REMOVEDIR);
}

int remove_any(int parent, const char *name)
{
	return remove_below(parent, name, 0);
}

int make_file(int parent, const char *name, mode_t mode)
{
	// Set-id bits only once it has its owner.
	return openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
}

static int make_node(int parent, const char *name, const struct entry *entry)
{
	mode_t type = entry->type == 'c' ? S_IFCHR : entry->type == 'b' ? S_IFBLK : S_IFIFO;
	dev_t device = type == S_IFIFO ? 0 : makedev(entry->major, entry->minor);
	if (type == S_IFCHR && device == 0) {
		errno = EINVAL; // overlayfs would take it for a deletion
		return -1;
	}
	if (mknodat(parent, name, type | entry->mode, device) < 0)
		return type != S_IFIFO && errno == EPERM ? 1 : -1;
	return 0;
}

int make_special(int parent, const char *name, const struct entry *entry)
{
	int made = entry->type == 'l' ? symlinkat(entry->link, parent, name) : make_node(parent, name, entry);
	if (made != 0)
		return made;
	if (owner_write_at(parent, name, entry->uid, entry->gid) < 0)
		return -1;
	struct stat status;
	// A new owner takes the set-id bits of nodes away, too.
	if (entry->type != 'l' && (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
				   ((status.st_mode & 07777) != entry->mode &&
				    fchmodat(parent, name, entry->mode, AT_SYMLINK_NOFOLLOW) < 0)))
		return -1;
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = entry->mtime, .tv_nsec = (long)entry->mtime_ns}};
	return utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
}

int set_metadata(int fd, const struct entry *entry, size_t *lost)
{
	if (owner_write(fd, entry->uid, entry->gid) < 0 || fchmod(fd, entry->mode) < 0)
		return -1;
	return xattrs_write(fd, &entry->xattrs, lost);
}

int set_new_metadata(int fd, const struct entry *entry, size_t *lost)
{
	struct stat status;
	// The directory may give its group (set-gid) or take bits away (a default ACL): what came out decides.
	if (fstat(fd, &status) < 0)
		return -1;
	if ((status.st_uid != entry->uid || status.st_gid != entry->gid) && owner_write(fd, entry->uid, entry->gid) < 0)
		return -1;
	if ((status.st_mode & 07777) != entry->mode && fchmod(fd, entry->mode) < 0)
		return -1;
	return xattrs_write(fd, &entry->xattrs, lost);
}

int set_mtime(int fd, int64_t seconds, uint32_t nanoseconds)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = (long)nanoseconds}};
	return futimens(fd, times);
}
