// SPDX-License-Identifier: Apache-2.0
// A target of libFuzzer: the stream of entries that `apply` reads, taken apart as there. See test/fuzz/native.sh.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "entry.h"
#include "io.h"
#include "wire.h"
#include "xattr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int skip_content(struct wire *wire, uint64_t size)
{
	while (size > 0) {
		const unsigned char *bytes;
		size_t got;
		if (wire_content(wire, size < SIZE_MAX ? (size_t)size : SIZE_MAX, &bytes, &got) < 0)
			return -1;
		if (got == 0 || got > size)
			abort();
		volatile unsigned char last = bytes[got - 1];
		(void)last;
		size -= got;
	}
	return 0;
}

// What is there must be readable to its end.
static void look_at(const struct entry *entry)
{
	volatile size_t sum = strlen(entry->path) + strlen(entry->link);
	for (size_t i = 0; i < entry->xattrs.count; i++) {
		const struct xattr *one = &entry->xattrs.list[i];
		sum += strlen(one->name) + xattr_allowed(one->name);
		for (size_t at = 0; at < one->size; at++)
			sum += ((const unsigned char *)one->value)[at];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("entries", MFD_CLOEXEC);
	if (fd < 0 || write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct wire wire = {.in = fd, .out = -1};
	struct cursor frame;
	while (wire_frame(&wire, &frame) == 1) {
		// A copy of its own size: content that follows may move the buffer.
		unsigned char *copy = malloc(frame.left > 0 ? frame.left : 1);
		memcpy(copy, frame.at, frame.left);
		struct cursor cursor = {.at = copy, .left = frame.left};
		struct entry entry;
		bool good = entry_decode(&cursor, &entry) == 0;
		if (good) {
			look_at(&entry);
			good = entry.type != 'f' || skip_content(&wire, entry.size) == 0;
			entry_free(&entry);
		}
		free(copy);
		if (!good)
			break;
	}
	wire_free(&wire);
	close(fd);
	return 0;
}
