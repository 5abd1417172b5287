// SPDX-License-Identifier: Apache-2.0
// The record of an entry. Its layout is written down once more in src/sandbox/entry-codec.ts; every integration test of the
// tree verbs depends on both being the same.
#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "owner.h"

// More attributes than a file system stores in one file.
#define MAX_XATTRS 4096u

char entry_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	default:
		return 's';
	}
}

bool entry_is_whiteout(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == 0;
}

void entry_from_stat(struct entry *entry, const struct stat *status)
{
	*entry = (struct entry){
		.type = entry_letter(status->st_mode),
		.mode = status->st_mode & 07777,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.size = S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0,
		.mtime = status->st_mtim.tv_sec,
		.mtime_ns = (uint32_t)status->st_mtim.tv_nsec,
		.ctime = status->st_ctim.tv_sec,
		.ctime_ns = (uint32_t)status->st_ctim.tv_nsec,
		.dev = status->st_dev,
		.ino = status->st_ino,
		.nlink = (uint32_t)status->st_nlink,
		.path = "",
		.link = "",
	};
	if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode)) {
		entry->major = major(status->st_rdev);
		entry->minor = minor(status->st_rdev);
	}
}

int entry_fill(struct entry *entry, int fd, const char *name, struct stat *status)
{
	if (owner_read(fd, name, status) < 0)
		return -1;
	entry_from_stat(entry, status);
	if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode))
		return xattrs_read(fd, name, &entry->xattrs);
	return 0;
}

void entry_free(struct entry *entry)
{
	xattrs_free(&entry->xattrs);
}

// Bytes of a record before its strings.
#define HEAD 85

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
	at[2] = (unsigned char)(value >> 16);
	at[3] = (unsigned char)(value >> 24);
	return at + 4;
}

static unsigned char *put_u64(unsigned char *at, uint64_t value)
{
	return put_u32(put_u32(at, (uint32_t)value), (uint32_t)(value >> 32));
}

int entry_encode(struct bytes *bytes, const struct entry *entry)
{
	size_t path = strlen(entry->path), link = strlen(entry->link);
	unsigned char head[HEAD], *at = head;
	*at++ = (unsigned char)entry->type;
	at = put_u32(at, entry->mode);
	at = put_u32(at, entry->uid);
	at = put_u32(at, entry->gid);
	at = put_u64(at, entry->size);
	at = put_u64(at, (uint64_t)entry->mtime);
	at = put_u32(at, entry->mtime_ns);
	at = put_u64(at, (uint64_t)entry->ctime);
	at = put_u32(at, entry->ctime_ns);
	at = put_u64(at, entry->dev);
	at = put_u64(at, entry->ino);
	at = put_u32(at, entry->nlink);
	at = put_u32(at, entry->major);
	at = put_u32(at, entry->minor);
	at = put_u32(at, (uint32_t)path);
	at = put_u32(at, (uint32_t)link);
	put_u32(at, (uint32_t)entry->xattrs.count);
	int failed = bytes_add(bytes, head, sizeof head) < 0 || bytes_add(bytes, entry->path, path + 1) < 0 ||
		     bytes_add(bytes, entry->link, link + 1) < 0;
	for (size_t i = 0; !failed && i < entry->xattrs.count; i++) {
		const struct xattr *one = &entry->xattrs.list[i];
		failed = bytes_add_u32(bytes, (uint32_t)one->size) < 0 ||
			 bytes_add(bytes, one->name, strlen(one->name) + 1) < 0 ||
			 bytes_add(bytes, one->value, one->size) < 0;
	}
	return failed ? -1 : 0;
}

// A NUL-terminated string whose length was announced: both must agree, so that no NUL hides inside.
static const char *take_text(struct cursor *cursor, uint32_t length)
{
	const char *text = take_string(cursor);
	if (text != NULL && strlen(text) != length)
		cursor->bad = 1;
	return text;
}

int entry_decode(struct cursor *cursor, struct entry *entry)
{
	*entry = (struct entry){0};
	entry->type = (char)take_u8(cursor);
	entry->mode = take_u32(cursor) & 07777;
	entry->uid = take_u32(cursor);
	entry->gid = take_u32(cursor);
	entry->size = take_u64(cursor);
	entry->mtime = (int64_t)take_u64(cursor);
	entry->mtime_ns = take_u32(cursor);
	entry->ctime = (int64_t)take_u64(cursor);
	entry->ctime_ns = take_u32(cursor);
	entry->dev = take_u64(cursor);
	entry->ino = take_u64(cursor);
	entry->nlink = take_u32(cursor);
	entry->major = take_u32(cursor);
	entry->minor = take_u32(cursor);
	uint32_t path = take_u32(cursor), link = take_u32(cursor), count = take_u32(cursor);
	entry->path = take_text(cursor, path);
	entry->link = take_text(cursor, link);
	if (count > MAX_XATTRS)
		cursor->bad = 1;
	if (!cursor->bad && count > 0) {
		entry->xattrs.list = calloc(count, sizeof *entry->xattrs.list);
		if (entry->xattrs.list == NULL)
			return -1;
	}
	for (uint32_t i = 0; !cursor->bad && i < count; i++) {
		uint32_t size = take_u32(cursor);
		entry->xattrs.list[i].size = size;
		entry->xattrs.list[i].name = take_string(cursor);
		entry->xattrs.list[i].value = take_bytes(cursor, size);
		entry->xattrs.count = i + 1;
	}
	if (cursor->bad || entry->mtime_ns > 999999999) {
		entry_free(entry);
		errno = EPROTO;
		return -1;
	}
	return 0;
}
