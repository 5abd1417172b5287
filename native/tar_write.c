// SPDX-License-Identifier: Apache-2.0
// Writing tar. The bytes depend on the entries alone: no user names, no access times, numbers in one form, PAX records in
// byte order. PAX is used for names that are not ASCII or do not fit, large numbers, times before 1970, and attributes.
#include "tar_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

#define BLOCK 512
#define FLUSH (1u << 20)

// The fields of a ustar header (POSIX.1-2017, pax).
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char uname[32];
	char gname[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

static int flush(struct tar *tar)
{
	size_t length = tar->buffer.length;
	tar->buffer.length = 0;
	return write_all(tar->out, tar->buffer.data, length);
}

// Room for so many bytes more.
static int claim(struct tar *tar, uint64_t length)
{
	tar->length += length;
	if (!tar_is_full(tar))
		return 0;
	errno = EFBIG;
	return -1;
}

bool tar_is_full(const struct tar *tar)
{
	return tar->limit != 0 && tar->length > tar->limit;
}

static int put(struct tar *tar, const void *data, size_t length)
{
	if (claim(tar, length) < 0)
		return -1;
	if (bytes_add(&tar->buffer, data, length) < 0)
		return -1;
	return tar->buffer.length >= FLUSH ? flush(tar) : 0;
}

static int pad(struct tar *tar, uint64_t length)
{
	static const char zeros[BLOCK];
	return put(tar, zeros, (BLOCK - length % BLOCK) % BLOCK);
}

// Octal digits and a NUL; false when the number needs more digits than the field has.
static bool octal(char *field, size_t size, uint64_t value)
{
	for (size_t i = size - 1; i > 0; i--) {
		field[i - 1] = (char)('0' + (value & 7));
		value >>= 3;
	}
	field[size - 1] = '\0';
	return value == 0;
}

static size_t digits(size_t number)
{
	size_t count = 1;
	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

// Adds the record `LENGTH KEY=VALUE\n`, where LENGTH counts itself.
static int add_record(struct tar *tar, const char *key, const void *value, size_t size)
{
	size_t rest = 1 + strlen(key) + 1 + size + 1;
	size_t length = rest + digits(rest);
	if (digits(length) > digits(rest))
		length = rest + digits(length);
	char number[24];
	int number_length = snprintf(number, sizeof number, "%zu ", length);
	if (bytes_add(&tar->pax, number, (size_t)number_length) < 0 || bytes_add(&tar->pax, key, strlen(key)) < 0 ||
	    bytes_add(&tar->pax, "=", 1) < 0 || bytes_add(&tar->pax, value, size) < 0 ||
	    bytes_add(&tar->pax, "\n", 1) < 0)
		return -1;
	return 0;
}

static int add_number(struct tar *tar, const char *key, long long value)
{
	char text[24];
	int length = snprintf(text, sizeof text, "%lld", value);
	return add_record(tar, key, text, (size_t)length);
}

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

// Puts a name into the header's name and prefix when it fits; the split is at a slash. Names that are not ASCII are
// repeated in PAX, where their encoding is defined.
static bool place_name(struct header *header, const char *name, size_t length)
{
	if (length <= sizeof header->name) {
		memcpy(header->name, name, length);
		return is_ascii(name, length);
	}
	if (!is_ascii(name, length) || length > sizeof header->prefix + 1 + sizeof header->name)
		return false;
	// The latest slash that leaves a prefix that fits and a name that is not empty.
	for (size_t at = sizeof header->prefix < length - 2 ? sizeof header->prefix : length - 2; at > 0; at--) {
		if (name[at] != '/')
			continue;
		if (length - at - 1 > sizeof header->name)
			return false;
		memcpy(header->prefix, name, at);
		memcpy(header->name, name + at + 1, length - at - 1);
		return true;
	}
	return false;
}

static void finish(struct header *header, char type)
{
	header->type = type;
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	memset(header->checksum, ' ', sizeof header->checksum);
	unsigned int sum = 0;
	for (size_t i = 0; i < sizeof *header; i++)
		sum += ((const unsigned char *)header)[i];
	octal(header->checksum, 7, sum);
	header->checksum[7] = ' ';
}

static char type_flag(char type)
{
	switch (type) {
	case 'h':
		return '1';
	case 'l':
		return '2';
	case 'c':
		return '3';
	case 'b':
		return '4';
	case 'd':
		return '5';
	case 'p':
		return '6';
	default:
		return '0';
	}
}

// Puts a number into its field; one that does not fit goes into a record, and the field says 0.
static int place_number(struct tar *tar, char *field, size_t size, const char *key, long long value)
{
	if (value >= 0 && octal(field, size, (uint64_t)value))
		return 0;
	octal(field, size, 0);
	return add_number(tar, key, value);
}

static int place_xattrs(struct tar *tar, const struct entry *entry)
{
	char key[300];
	for (size_t i = 0; entry->type != 'h' && i < entry->xattrs.count; i++) {
		const struct xattr *one = &entry->xattrs.list[i];
		snprintf(key, sizeof key, "SCHILY.xattr.%s", one->name);
		if (add_record(tar, key, one->value, one->size) < 0)
			return -1;
	}
	return 0;
}

// The extended header that carries the records goes before the entry that they describe.
static int put_pax(struct tar *tar, const char *path)
{
	struct header header = {0};
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char name[sizeof header.name + 1];
	int length = snprintf(name, sizeof name, "PaxHeaders.0/%.80s", base);
	for (int i = 0; i < length; i++) {
		if ((unsigned char)name[i] >= 0x80)
			name[i] = '_';
	}
	memcpy(header.name, name, (size_t)length);
	octal(header.mode, sizeof header.mode, 0644);
	octal(header.uid, sizeof header.uid, 0);
	octal(header.gid, sizeof header.gid, 0);
	octal(header.size, sizeof header.size, tar->pax.length);
	octal(header.mtime, sizeof header.mtime, 0);
	octal(header.major, sizeof header.major, 0);
	octal(header.minor, sizeof header.minor, 0);
	finish(&header, 'x');
	if (put(tar, &header, sizeof header) < 0 || put(tar, tar->pax.data, tar->pax.length) < 0)
		return -1;
	return pad(tar, tar->pax.length);
}

int tar_header(struct tar *tar, const struct entry *entry)
{
	struct header header = {0};
	char path[4096 + 2];
	size_t length = strlen(entry->path), link_length = strlen(entry->link);
	if (length == 0 || length + 2 > sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, entry->path, length);
	if (entry->type == 'd')
		path[length++] = '/';
	tar->pax.length = 0;
	bool name_fits = place_name(&header, path, length);
	bool link_fits = link_length <= sizeof header.link && is_ascii(entry->link, link_length);
	memcpy(header.link, entry->link, link_length < sizeof header.link ? link_length : sizeof header.link);
	octal(header.mode, sizeof header.mode, entry->mode);
	if (!octal(header.major, sizeof header.major, entry->major) ||
	    !octal(header.minor, sizeof header.minor, entry->minor)) {
		errno = EOVERFLOW; // PAX has no key for device numbers
		return -1;
	}
	// Records stand in the order of their keys.
	long long size = entry->type == 'f' ? (long long)entry->size : 0;
	if (place_xattrs(tar, entry) < 0 || place_number(tar, header.gid, sizeof header.gid, "gid", entry->gid) < 0 ||
	    (!link_fits && add_record(tar, "linkpath", entry->link, link_length) < 0) ||
	    place_number(tar, header.mtime, sizeof header.mtime, "mtime", entry->mtime) < 0 ||
	    (!name_fits && add_record(tar, "path", path, length) < 0) ||
	    place_number(tar, header.size, sizeof header.size, "size", size) < 0 ||
	    place_number(tar, header.uid, sizeof header.uid, "uid", entry->uid) < 0)
		return -1;
	if (tar->pax.length > 0 && put_pax(tar, entry->path) < 0)
		return -1;
	finish(&header, type_flag(entry->type));
	return put(tar, &header, sizeof header);
}

int tar_content(struct tar *tar, int fd, uint64_t size)
{
	if (claim(tar, size) < 0)
		return -1;
	for (uint64_t left = size; left > 0;) {
		size_t want = left < FLUSH ? (size_t)left : FLUSH;
		if (bytes_reserve(&tar->buffer, want) < 0)
			return -1;
		ssize_t got = read(fd, tar->buffer.data + tar->buffer.length, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return -1;
		tar->buffer.length += (size_t)got;
		left -= (uint64_t)got;
		if (tar->buffer.length >= FLUSH && flush(tar) < 0)
			return -1;
	}
	return pad(tar, size);
}

int tar_end(struct tar *tar)
{
	static const char zeros[2 * BLOCK];
	return put(tar, zeros, sizeof zeros) < 0 ? -1 : flush(tar);
}

void tar_free(struct tar *tar)
{
	bytes_free(&tar->buffer);
	bytes_free(&tar->pax);
}
