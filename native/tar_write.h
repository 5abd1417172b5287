// SPDX-License-Identifier: Apache-2.0
// Writing a tar archive: POSIX ustar headers, PAX records where a value does not fit them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "entry.h"

struct tar {
	int out;
	uint64_t limit; // bytes that the archive may have, 0: any number; what would make it longer fails with EFBIG
	uint64_t length; // bytes so far
	struct bytes buffer;
	struct bytes pax; // records of the entry in hand
};

/// Writes the header of an entry (types f d l h c b p). `path` and a hard link's `link` are relative, without a trailing slash;
/// directories get theirs here. After a header of type f, `size` bytes must follow through tar_content.
int tar_header(struct tar *tar, const struct entry *entry);

/// True when something failed because of the limit.
bool tar_is_full(const struct tar *tar);

/// Writes exactly `size` bytes of the file, and the padding. EIO when the file has become shorter.
int tar_content(struct tar *tar, int fd, uint64_t size);

/// Writes the end mark and what is buffered.
int tar_end(struct tar *tar);
void tar_free(struct tar *tar);
