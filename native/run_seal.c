// SPDX-License-Identifier: Apache-2.0
// Ends all writing to a step's root once its processes are gone. They may have handed a descriptor of a file or a directory to a
// step that is still alive, by a socket in a cache mount; by that it could change the layer after others have read it, and what is
// remembered under the digest of one content would be another. Nothing but the kernel knows of such a descriptor: a root with a
// file open for writing cannot be made read-only, and what is open for reading writes nothing once it is.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount.h"
#include "report.h"
#include "run.h"

/* What the kernel still closes on its own for a process that has ended (asynchronous writes) may take a moment. */
#define TRIES 100
#define PAUSE_NS 10000000

/*
 * A directory of the host has no file system of its own to make read-only, only a mount. That can be changed from its own namespace,
 * which is kept for it.
 */
int seal_prepare(struct run *run, pid_t child)
{
	char path[64];

	if (!spec_bool(run->spec, "seal") || !root_is_directory(&run->root))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)child);
	run->mounts = open(path, O_RDONLY | O_CLOEXEC);
	return run->mounts < 0 ? report_error("open the step's mounts", NULL, errno, NULL) : 0;
}

/* What a process in the step's mount namespace does. -1: errno. */
static int inside(const struct run *run, int (*act)(const struct run *))
{
	int status;
	pid_t process = fork();

	if (process == 0)
		_exit(setns(run->mounts, CLONE_NEWNS) < 0 || act(run) < 0 ? errno : 0);
	if (process < 0)
		return -1;
	while (waitpid(process, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return errno == 0 ? 0 : -1;
}

static int uncover_stubs(const struct run *run)
{
	stubs_uncover(run->stubs);
	return 0;
}

static int end_writes_by_mount(const struct run *run)
{
	return mount_restrict(run->root_fd, MOUNT_ATTR_RDONLY, false);
}

static int end_writes(const struct run *run)
{
	return run->mounts < 0 ? mount_end_writes(run->root_fd) : inside(run, end_writes_by_mount);
}

int seal_uncover(const struct run *run)
{
	if (run->mounts < 0 || inside(run, uncover_stubs) == 0)
		return 0;
	return report_error("enter the step's mounts", NULL, errno, NULL);
}

int seal_root(struct run *run)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int rc = 0;

	if (!spec_bool(run->spec, "seal"))
		return 0;
	for (int i = 0; (rc = end_writes(run)) < 0 && errno == EBUSY && i < TRIES; i++)
		nanosleep(&pause, NULL);
	int err = errno;
	/* The mounts of the step go with it. */
	if (run->mounts >= 0)
		close(run->mounts);
	run->mounts = -1;
	if (rc == 0)
		return 0;
	return err == EBUSY ? report_refusal("root-in-use", NULL,
					     "a process outside of the step, which must have given it away, still has a file of its root open") :
			      report_error("end writing to the root", NULL, err, NULL);
}
