// SPDX-License-Identifier: Apache-2.0
#include "io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

// Once. `from` below 0: from where the file stands.
static ssize_t read_some(int fd, void *to, size_t size, off_t from)
{
	for (;;) {
		ssize_t got = from < 0 ? read(fd, to, size) : pread(fd, to, size, from);
		if (got >= 0 || errno != EINTR)
			return got;
	}
}

static ssize_t fill(int fd, unsigned char *to, size_t size, off_t from)
{
	size_t have = 0;
	while (have < size) {
		ssize_t got = read_some(fd, to + have, size - have, from < 0 ? from : from + (off_t)have);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

ssize_t read_all(int fd, void *to, size_t size)
{
	return fill(fd, to, size, -1);
}

ssize_t read_all_at(int fd, void *to, size_t size, off_t from)
{
	return fill(fd, to, size, from);
}

int write_all(int fd, const void *data, size_t length)
{
	const unsigned char *at = data;
	while (length > 0) {
		ssize_t written = write(fd, at, length);
		if (written < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLOUT};
			if (poll(&wait, 1, -1) < 0 && errno != EINTR)
				return -1;
			continue;
		}
		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0) {
			at += written;
			length -= (size_t)written;
		}
	}
	return 0;
}
