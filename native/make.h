// SPDX-License-Identifier: Apache-2.0
// Making entries: the steps that unpacking and copying share. All work on (parent directory, one name).
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "entry.h"
#include "spec.h"

/// Who owns what is made: field `owner` of the request and its companions.
struct ownership {
	bool keep; // as the source says
	uid_t uid; // otherwise these; with keep, the owner of what has no source (0:0)
	gid_t gid;
};

/// Reads the `owner` fields; names are looked up in the tree at `root`. -1: reported.
int ownership_read(const struct spec *spec, int root, struct ownership *out);

/// Removes whatever is called `name`, a directory with everything in it. Nothing there is fine. Symlinks are not followed.
int remove_any(int parent, const char *name);

/// Makes a new regular file (nothing may have that name) open for writing, with these permission bits as far as the
/// directory lets it have them.
int make_file(int parent, const char *name, mode_t mode);

/// As set_metadata, for a file that make_file just made: only what is not right already is set. Most files need nothing.
int set_new_metadata(int fd, const struct entry *entry, size_t *lost);

/// Makes symlink, device or fifo from the entry, with owner and time; nothing may have that name. A device that this user may not
/// make is left out: returns 1.
int make_special(int parent, const char *name, const struct entry *entry);

/// Gives an open file or directory owner, mode and attributes, in the order in which one does not undo the other (chown clears
/// set-uid and file capabilities). Attributes that do not fit are counted in `*lost` (NULL: an error).
int set_metadata(int fd, const struct entry *entry, size_t *lost);

/// Sets the mtime (whole seconds and nanoseconds as given); atime stays.
int set_mtime(int fd, int64_t seconds, uint32_t nanoseconds);
