// SPDX-License-Identifier: Apache-2.0
// The names in a directory, sorted by bytes.
#pragma once

#include <stddef.h>

struct names {
	char **list;
	size_t count;
	char *text;
};

/// Reads all names of the directory (without `.` and `..`), sorted by unsigned bytes whatever the locale. The descriptor's
/// position is used up. 0, or -1 with errno.
int names_read(int directory, struct names *names);
void names_free(struct names *names);
#define cleanup_names __attribute__((cleanup(names_free)))
