// SPDX-License-Identifier: Apache-2.0
// The bytes of regular files.
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

// Below this, one read and one write beat the set-up of a copy in the kernel.
#define SMALL (64u << 10)
#define BUFFER (256u << 10)

static unsigned char buffer[2 * BUFFER]; // the tree verbs have one thread

// Returns 0, or -1 with errno, from the offsets where both files stand.
static int copy_through_memory(int in, int out, uint64_t left)
{
	while (left > 0) {
		ssize_t got = read(in, buffer, left < BUFFER ? (size_t)left : BUFFER);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return 0; // it was cut short meanwhile: what is there is what there is
		if (write_all(out, buffer, (size_t)got) < 0)
			return -1;
		left -= (uint64_t)got;
	}
	return 0;
}

static int copy_range(int in, int out, uint64_t left)
{
	static bool in_kernel = true;
	while (left > 0 && in_kernel) {
		ssize_t got = copy_file_range(in, NULL, out, NULL, left < (1u << 30) ? (size_t)left : 1u << 30, 0);
		if (got > 0)
			left -= (uint64_t)got;
		else if (got == 0)
			break; // the end, or a file system that cannot: reading tells
		else if (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)
			in_kernel = false;
		else if (errno != EINTR)
			return -1;
	}
	return copy_through_memory(in, out, left);
}

static int copy_sparse(int in, int out, uint64_t size)
{
	off_t at = 0;
	if (ftruncate(out, (off_t)size) < 0)
		return -1;
	while ((uint64_t)at < size) {
		off_t data = lseek(in, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : -1; // only a hole is left
		off_t hole = lseek(in, data, SEEK_HOLE);
		if (hole < 0 || lseek(in, data, SEEK_SET) < 0 || lseek(out, data, SEEK_SET) < 0)
			return -1;
		if (copy_range(in, out, (uint64_t)(hole - data)) < 0)
			return -1;
		at = hole;
	}
	return 0;
}

int content_copy(int in, int out, uint64_t size)
{
	static bool can_clone = true;
	if (size <= SMALL)
		return copy_through_memory(in, out, size);
	if (can_clone) {
		if (ioctl(out, FICLONE, in) == 0)
			return 0;
		can_clone = false; // asked once: source and destination are the same two file systems all along
	}
	struct stat status;
	if (fstat(in, &status) < 0)
		return -1;
	if ((uint64_t)status.st_blocks * 512 < size)
		return copy_sparse(in, out, size);
	return copy_range(in, out, size);
}

int content_open(int parent, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(parent, name, flags | O_NOATIME);
	return fd < 0 && errno == EPERM ? openat(parent, name, flags) : fd;
}

int content_equal(int a, int b)
{
	for (;;) {
		ssize_t from_a = read_all(a, buffer, BUFFER);
		ssize_t from_b = read_all(b, buffer + BUFFER, BUFFER);
		if (from_a < 0 || from_b < 0)
			return -1;
		if (from_a != from_b || memcmp(buffer, buffer + BUFFER, (size_t)from_a) != 0)
			return 0;
		if (from_a < (ssize_t)BUFFER)
			return 1;
	}
}
