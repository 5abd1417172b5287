// SPDX-License-Identifier: Apache-2.0
// What of an image could not be kept on this machine, its owners (owner.h) among it: counted, and told once at the end of a verb, with
// the first path.
#pragma once

#include <stddef.h>

struct losses {
	size_t xattrs;
	size_t devices;
	char *path; // where it happened first
};

/// After work on `path`: remembers it when something was lost for the first time. Without memory for it, only counts are told.
void losses_at(struct losses *losses, const char *path);

/// The event `lost`, if anything was. Frees the path.
void losses_report(struct losses *losses);
