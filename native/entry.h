// SPDX-License-Identifier: Apache-2.0
// One file-system entry as a record: read from the file system, and carried in frames between the helper and Node.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "bytes.h"
#include "xattr.h"

/// Letters of the protocol: f file, d directory, l symlink, c and b devices, p fifo, s socket; in archives also
/// h hard link, w whiteout, o opaque directory.
struct entry {
	char type;
	uint32_t mode; // 07777
	uint32_t uid;
	uint32_t gid;
	uint64_t size;
	int64_t mtime;
	uint32_t mtime_ns;
	int64_t ctime;
	uint32_t ctime_ns;
	uint64_t dev;
	uint64_t ino;
	uint32_t nlink;
	uint32_t major;
	uint32_t minor;
	const char *path;
	const char *link;
	struct xattrs xattrs;
};

char entry_letter(mode_t mode);

/// What overlayfs (and we) leave where a file of a lower directory is deleted: a character device 0:0.
bool entry_is_whiteout(const struct stat *status);

/// Fills what a stat result says, and no attributes.
void entry_from_stat(struct entry *entry, const struct stat *status);

/// Fills everything but path and link from a stat result; reads the attributes (`fd` and `name` as in xattrs_read) and kept owners.
int entry_fill(struct entry *entry, int fd, const char *name, struct stat *status);
void entry_free(struct entry *entry);
#define cleanup_entry __attribute__((cleanup(entry_free)))

/// Appends the record to `bytes`.
int entry_encode(struct bytes *bytes, const struct entry *entry);

/// Reads a record in place (strings point into the frame). -1 with EPROTO when it is malformed.
int entry_decode(struct cursor *cursor, struct entry *entry);
