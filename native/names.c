// SPDX-License-Identifier: Apache-2.0
// Reads a directory whole and sorts it: every walk of this program sees the same order on every file system.
#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"

#define DIRENT_BUFFER (64u << 10)

// The kernel's record; glibc's struct dirent has the same shape but belongs to readdir.
struct kernel_dirent {
	uint64_t ino;
	int64_t off;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int names_read(int directory, struct names *names)
{
	return names_read_most(directory, names, SIZE_MAX);
}

int names_read_most(int directory, struct names *names, size_t most)
{
	*names = (struct names){0};
	cleanup_bytes struct bytes text = {0};
	_Alignas(8) char buffer[DIRENT_BUFFER];
	size_t count = 0;
	if (lseek(directory, 0, SEEK_SET) < 0)
		return -1;
	for (;;) {
		long got = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		for (long at = 0; at < got;) {
			const struct kernel_dirent *entry = (const struct kernel_dirent *)(buffer + at);
			at += entry->length;
			if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
				continue;
			if (count == most) {
				errno = EFBIG;
				return -1;
			}
			if (bytes_add_u8(&text, entry->type) < 0 ||
			    bytes_add(&text, entry->name, strlen(entry->name) + 1) < 0)
				return -1;
			count++;
		}
	}
	if (count == 0)
		return 0;
	names->list = calloc(count, sizeof *names->list);
	if (names->list == NULL)
		return -1;
	names->text = (char *)text.data;
	names->count = count;
	text.data = NULL;
	char *at = names->text;
	for (size_t i = 0; i < count; i++) {
		names->list[i] = at + 1; // after its type
		at += 1 + strlen(at + 1) + 1;
	}
	qsort(names->list, count, sizeof *names->list, compare);
	return 0;
}

void names_free(struct names *names)
{
	free(names->list);
	free(names->text);
	*names = (struct names){0};
}
