// SPDX-License-Identifier: Apache-2.0
// Reading and writing all of something, however the kernel cuts it.
#pragma once

#include <stddef.h>
#include <sys/types.h>

/// read(2) until the buffer is full; fewer bytes only at the end of the file. -1 with errno.
ssize_t read_all(int fd, void *to, size_t size);

/// The same from a place in the file.
ssize_t read_all_at(int fd, void *to, size_t size, off_t from);

/// write(2) until all is written. -1 with errno.
int write_all(int fd, const void *data, size_t length);
