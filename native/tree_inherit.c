// SPDX-License-Identifier: Apache-2.0
// The verb `inherit`: a layer's tar need not describe the parents of what it brings. Such a directory gets mode, owner, mtime and
// attributes of the directory that it covers, so that the merged tree looks as if it had been there before.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "entry.h"
#include "ns.h"
#include "owner.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "verbs.h"
#include "wire.h"

static int inherit_one(int layer, int below, const char *path)
{
	cleanup_fd int from = path_open(below, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (from < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	cleanup_fd int to = path_open(layer, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (to < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
	struct stat status;
	if (fstat(from, &status) < 0)
		return -1;
	cleanup_entry struct entry entry = {0};
	if (entry_fill(&entry, from, NULL, &status) < 0)
		return -1;
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status.st_mtim};
	size_t lost = 0;
	if (owner_write(to, entry.uid, entry.gid) < 0 || fchmod(to, entry.mode) < 0 ||
	    xattrs_write(to, &entry.xattrs, &lost) < 0)
		return -1;
	return futimens(to, times);
}

int verb_inherit(const struct spec *spec)
{
	struct root layer, below;
	if (spec_root(spec, "root", &layer) < 0 || spec_root(spec, "source", &below) < 0 || ns_enter(spec) < 0)
		return -1;
	int layer_fd = root_open(&layer, true);
	int below_fd = layer_fd < 0 ? -1 : root_open(&below, false);
	if (below_fd < 0)
		return -1;
	struct wire wire = {.in = STDIN_FILENO, .out = -1};
	for (;;) {
		struct cursor frame;
		int got = wire_frame(&wire, &frame);
		if (got <= 0)
			return report_error("read the list of directories", NULL, got == 0 ? EPROTO : errno, NULL);
		if (take_u8(&frame) == 'z')
			break;
		const char *path = take_string(&frame);
		if (path == NULL)
			return report_refusal("bad-request", NULL, "a malformed path");
		if (inherit_one(layer_fd, below_fd, path) < 0)
			return report_error("take over a directory's metadata", path, errno, NULL);
	}
	wire_free(&wire);
	return root_close(&below, below_fd) < 0 ? -1 : root_close(&layer, layer_fd);
}
