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
#include "mount.h"
#include "ns.h"
#include "owner.h"
#include "report.h"
#include "seccomp.h"
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

/* An overlay over two empty directories of memory, with what builds use. -1: errno. */
static int try_overlay(const char *lower_key)
{
	static const char *const options[] = { "mode=755", NULL };
	char number[16];
	cleanup_fd int memory = tmpfs_new(options, 0);
	cleanup_fd int context = fsopen("overlay", FSOPEN_CLOEXEC);

	if (memory < 0 || context < 0 || chdir("/proc/self/fd") < 0)
		return -1;
	const char *const names[] = { "lower", "upper", "work" };
	const char *const keys[] = { lower_key, "upperdir", "workdir" };
	for (int i = 0; i < 3; i++) {
		/* The descriptors have to stay open until the mount is made; the process is about to end. */
		int fd = mkdirat(memory, names[i], 0755) < 0 ? -1 : openat(memory, names[i], O_PATH | O_CLOEXEC);
		snprintf(number, sizeof(number), "%d", fd);
		if (fd < 0 || fsconfig(context, FSCONFIG_SET_STRING, keys[i], number, 0) < 0)
			return -1;
	}
	if (in_user_namespace() && fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return -1;
	if (fsconfig(context, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	cleanup_fd int mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? -1 : 0;
}

static void probe_overlay(void)
{
	if (try_overlay("lowerdir+") == 0)
		item("overlayfs", true, "native, hundreds of layers", NULL);
	else if (errno == EINVAL && try_overlay("lowerdir") == 0)
		item("overlayfs", true, "native; Linux 6.5 and newer stack more layers", NULL);
	else
		failed("overlayfs", errno, "modprobe overlay; in a user namespace, Linux 5.11 or newer");
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
		       "inside a container: run it with an unmasked /proc (podman: --security-opt unmask=ALL, Docker: --privileged)");
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
}

int verb_probe(const struct spec *spec)
{
	probe_kernel();
	probe_build();
	if (ns_enter(spec) < 0)
		return -1;
	item("namespaces", true, ns_is_rootless() ? "as an ordinary user, in a user namespace" : "as root", NULL);
	probe_overlay();
	probe_proc();
	return 0;
}
