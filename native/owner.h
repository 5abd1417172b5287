// SPDX-License-Identifier: Apache-2.0
// Owners of files: which ids this process can give, and how those are kept that it cannot.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/// True inside any user namespace but the machine's first.
bool in_user_namespace(void);

/// Makes uid:gid the owner of the open file or directory `fd`. Where this user namespace has no such id, the wish is kept
/// in the attribute user.tsbuild.owner, which owner_read honours. 0, or -1 with errno.
int owner_write(int fd, uid_t uid, gid_t gid);

/// The same for something that cannot be opened (symlink, device, fifo, socket): an owner that cannot be given is lost.
int owner_write_at(int directory, const char *name, uid_t uid, gid_t gid);

/// How many owners this process could not give, where wishes are not honoured because there are several ids.
size_t owners_unkept(void);

/// Puts a kept wish into st_uid and st_gid of a regular file or directory. `name` as in xattrs_read.
int owner_read(int fd, const char *name, struct stat *status);
