// SPDX-License-Identifier: Apache-2.0
// Puts a step into the control groups that TypeScript made for it. Their limits are set and read there; here is only what
// has to happen before the command starts.

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "report.h"
#include "run.h"

static int join(const char *path, pid_t pid)
{
	char text[16];
	struct statfs info;
	cleanup_fd int group = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (group < 0 || fstatfs(group, &info) < 0)
		return report_error("open a control group", path, errno, NULL);
	if (info.f_type != CGROUP2_SUPER_MAGIC && info.f_type != CGROUP_SUPER_MAGIC)
		return report_refusal("cgroup", path, "this is no control group");
	cleanup_fd int processes = openat(group, "cgroup.procs", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%d", (int)pid);
	if (processes < 0 || write(processes, text, (size_t)length) != length)
		return report_error("join a control group", path, errno,
				    "without root, the group must be below one that systemd delegated (systemd-run --user "
				    "--scope -p Delegate=yes)");
	return 0;
}

int cgroup_join(const struct spec *spec, pid_t pid)
{
	const char *path;

	for (size_t cursor = 0; spec_next(spec, "cgroup", &cursor, &path);)
		if (join(path, pid) < 0)
			return -1;
	return 0;
}
