// SPDX-License-Identifier: Apache-2.0
// The names in a directory, sorted by bytes.
#pragma once

#include <stddef.h>

struct names {
	char **list;
	size_t count;
	char *text;
};

/// The kernel's word for the type of what has a name of such a list (DT_REG ...; DT_UNKNOWN where the file system does not say).
static inline unsigned char name_type(const char *name)
{
	return (unsigned char)name[-1];
}

/// Reads all names of the directory (without `.` and `..`), sorted by unsigned bytes whatever the locale. The descriptor's
/// position is used up. 0, or -1 with errno.
int names_read(int directory, struct names *names);
/// The same of a directory with at most so many names; EFBIG: it has more.
int names_read_most(int directory, struct names *names, size_t most);
void names_free(struct names *names);
#define cleanup_names __attribute__((cleanup(names_free)))
