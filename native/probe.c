// SPDX-License-Identifier: Apache-2.0
// The verb `probe`: tries what the other verbs need, one finding an event. It changes nothing that outlives it.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "fuse.h"
#include "make.h"
#include "mount.h"
#include "ns.h"
#include "owner.h"
#include "report.h"
#include "seccomp.h"
#include "xattr.h"
#include "verbs.h"

static void item(const char *name, bool ok, const char *detail, const char *hint)
{
	report_event("item", REPORT_TEXT, "name", name, REPORT_BOOL, "ok", (int)ok, REPORT_TEXT, "detail", detail,
		     REPORT_TEXT, "hint", ok ? NULL : hint, REPORT_END);
}

static void failed(const char *name, int err, const char *hint)
{
	char detail[128];

	snprintf(detail, sizeof(detail), "%s (%s)", strerrordesc_np(err), strerrorname_np(err));
	item(name, false, detail, hint);
}

static void probe_kernel(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	item("kernel", major > 5 || (major == 5 && minor >= 12), name.release, "Linux 5.12 or newer is needed");
}

/* Three empty directories, and how to remove them again. */
struct trial {
	int place; /* the store, or memory where there is none yet */
	char name[40];
	int fds[3]; /* lower, upper, scratch */
};

static const char *const trial_names[] = { "lower", "upper", "work" };

static int open_trial(const struct spec *spec, struct trial *trial)
{
	static const char *const options[] = { "mode=755", NULL };

	*trial = (struct trial){ .fds = { -1, -1, -1 } };
	trial->place = spec->store == NULL ? -1 : open(spec->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (trial->place < 0)
		trial->place = tmpfs_new(options, 0);
	snprintf(trial->name, sizeof(trial->name), "probe-%d", (int)getpid());
	if (trial->place < 0 || mkdirat(trial->place, trial->name, 0700) < 0)
		return -1;
	cleanup_fd int directory = openat(trial->place, trial->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	for (size_t i = 0; i < 3; i++) {
		if (directory < 0 || mkdirat(directory, trial_names[i], 0755) < 0)
			return -1;
		trial->fds[i] = openat(directory, trial_names[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (trial->fds[i] < 0)
			return -1;
	}
	return 0;
}

static void close_trial(struct trial *trial)
{
	int saved = errno;

	for (size_t i = 0; i < 3; i++)
		if (trial->fds[i] >= 0)
			close(trial->fds[i]);
	if (trial->place >= 0) {
		/* Best effort: what a probe leaves is empty, and of this user. */
		(void)remove_any(trial->place, trial->name);
		close(trial->place);
	}
	errno = saved;
}

/* An overlay over two empty directories, with what builds use. -1: errno. */
static int mount_overlay(const struct trial *trial, const char *lower_key)
{
	const char *const keys[] = { lower_key, "upperdir", "workdir" };
	char number[16];
	cleanup_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int context = fsopen("overlay", FSOPEN_CLOEXEC);

	if (before < 0 || context < 0 || chdir("/proc/self/fd") < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		snprintf(number, sizeof(number), "%d", trial->fds[i]);
		if (fsconfig(context, FSCONFIG_SET_STRING, keys[i], number, 0) < 0)
			return -1;
	}
	if (in_user_namespace() && fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	cleanup_fd int mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -1;
	/* A file system without the attributes that mark directories would let deletions come back. */
	cleanup_fd int upper = openat(trial->fds[1], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return upper < 0 || opaque_set(upper) < 0 || mkdirat(mount, "made", 0755) < 0 ? -1 : fchdir(before);
}

static int try_overlay(const struct spec *spec, const char *lower_key)
{
	struct trial trial;
	int rc = open_trial(spec, &trial) < 0 ? -1 : mount_overlay(&trial, lower_key);

	close_trial(&trial);
	return rc;
}

static void probe_overlay(const struct spec *spec)
{
	if (try_overlay(spec, "lowerdir+") == 0)
		item("overlayfs", true, "native, hundreds of layers", NULL);
	else if (errno == EINVAL && try_overlay(spec, "lowerdir") == 0)
		item("overlayfs", true, "native; Linux 6.5 and newer stack more layers", NULL);
	else
		failed("overlayfs", errno, "modprobe overlay; in a user namespace, Linux 5.11 or newer");
}

/* Only when it is asked for: a failure ends the helper with the reason. */
static int probe_fuse(const struct spec *spec)
{
	struct trial trial;
	const struct root root = { .kind = ROOT_STACK, .store = spec->store, .driver = DRIVER_FUSE, .program = spec->program };

	if (spec->program == NULL || spec->store == NULL)
		return 0;
	if (open_trial(spec, &trial) < 0) {
		close_trial(&trial);
		return report_error("make directories in the store", spec->store, errno, NULL);
	}
	const struct fuse_stack stack = { &trial.fds[0], 1, trial.fds[1], trial.fds[2] };
	cleanup_fd int mount = fuse_mount(&root, &stack);
	cleanup_fd int upper = mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int made = upper < 0 ? -1 : mkdirat(upper, "made", 0755);
	close_trial(&trial);
	if (mount < 0)
		return -1;
	if (made < 0)
		return report_error("write through fuse-overlayfs", spec->program, errno, NULL);
	item("fuse-overlayfs", true, spec->program, NULL);
	return 0;
}

/* In a process namespace of its own: /proc can only be mounted by who owns the namespace that it shows. */
static int try_proc(void)
{
	int status;

	if (unshare(CLONE_NEWPID) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		int proc = fs_new("proc", NULL, 0);
		_exit(proc >= 0 ? 0 : errno);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno == 0 ? 0 : -1;
}

static void probe_proc(void)
{
	if (try_proc() == 0)
		item("mounting /proc", true, "available", NULL);
	else
		failed("mounting /proc", errno,
		       "inside a container: run it with an unmasked /proc (Docker: --security-opt systempaths=unconfined, Podman: unmask=ALL)");
}

static void probe_build(void)
{
	char detail[64];

	item("native helper", true, TSBUILD_VERSION, NULL);
	snprintf(detail, sizeof(detail), "%zu system calls in the policy%s", seccomp_native.n_rules,
		 seccomp_compat.n_rules > 0 ? ", 32-bit programs included" : "");
	item("system call filter", access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0, detail,
	     "the kernel needs CONFIG_SECCOMP_FILTER");
#ifdef HAVE_LIBDEFLATE
	item("fast gzip", true, "libdeflate", NULL);
#else
	item("fast gzip", false, "built without libdeflate: layers are compressed by Node's zlib, about three times slower",
	     "install libdeflate-dev and build the helper again: npm run build:native");
#endif
#ifdef HAVE_LIBZSTD
	item("zstd", true, "libzstd", NULL);
#else
	item("zstd", false, "built without libzstd: compression=zstd needs Node 22.15 or later",
	     "install libzstd-dev and build the helper again: npm run build:native");
#endif
}

int verb_probe(const struct spec *spec)
{
	probe_kernel();
	probe_build();
	if (ns_enter(spec) < 0)
		return -1;
	item("namespaces", true, ns_is_rootless() ? "as an ordinary user, in a user namespace" : "as root", NULL);
	probe_overlay(spec);
	if (probe_fuse(spec) < 0)
		return -1;
	probe_proc();
	return 0;
}
