// SPDX-License-Identifier: Apache-2.0
// The user namespace of a rootless build and the private mount namespace of every verb. The maps themselves are decided in
// TypeScript (from /etc/subuid); here they are written, by the set-uid programs newuidmap and newgidmap where several ids
// are mapped, by ourselves where it is only our own, or where we are root of a container.

#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "report.h"

#define MAX_MAPS 64

static bool rootless;
static bool setgroups_denied;
static bool without;

bool ns_is_rootless(void)
{
	return rootless;
}

bool ns_is_without(void)
{
	return without;
}

bool ns_denies_setgroups(void)
{
	return setgroups_denied;
}

const char *ns_hint_unmapped(int err)
{
	if (!rootless || err != EINVAL)
		return NULL;
	return "the user namespace has no such id: lend this user more in /etc/subuid and /etc/subgid";
}

/*
 * One of the two set-uid programs, started before we enter the namespace and held back until we are in it; or a process that writes
 * the map itself, because we may: only from outside of the namespace.
 */
struct map_writer {
	const char *field; /* uidmap or gidmap */
	const char *program; /* NULL: it writes itself */
	const char *file; /* of the process whose map it is */
	pid_t pid;
	int gate;   /* closing it lets the program run */
	int output; /* what it complains about */
};

/* PROGRAM PID INSIDE OUTSIDE COUNT ... */
struct map_arguments {
	const char *list[3 * MAX_MAPS + 3];
	char pid[16];
	char maps[MAX_MAPS][64];
};

/* 0, or -1: more maps than there is room for, or too long ones. */
static int fill_arguments(const struct spec *spec, const struct map_writer *writer, struct map_arguments *arguments)
{
	size_t n = 0, maps = 0;
	const char *value;

	memset(arguments, 0, sizeof(*arguments));
	snprintf(arguments->pid, sizeof(arguments->pid), "%d", (int)getpid());
	arguments->list[n++] = writer->program;
	arguments->list[n++] = arguments->pid;
	for (size_t cursor = 0; spec_next(spec, writer->field, &cursor, &value); maps++) {
		if (maps == MAX_MAPS || strlen(value) >= sizeof(arguments->maps[0]))
			return -1;
		char *rest = memcpy(arguments->maps[maps], value, strlen(value) + 1);
		for (int i = 0; i < 3; i++) /* the decoder has checked that there are two spaces */
			arguments->list[n++] = strsep(&rest, " ");
	}
	return 0;
}

/* The whole map at once, as the kernel wants it. The result is an exit code. */
static int write_map(const struct spec *spec, const struct map_writer *writer, pid_t process)
{
	char path[64], text[4096];
	const char *value;
	size_t used = 0;

	for (size_t cursor = 0; spec_next(spec, writer->field, &cursor, &value);) {
		int n = snprintf(text + used, sizeof(text) - used, "%s\n", value);
		if (n < 0 || (size_t)n >= sizeof(text) - used)
			return EXIT_SYSTEM;
		used += (size_t)n;
	}
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, writer->file);
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, text, used) == (ssize_t)used)
		return EXIT_SUCCESS;
	dprintf(STDERR_FILENO, "%s: %s", path, strerrordesc_np(errno));
	return EXIT_SYSTEM;
}

static int start_map_writer(const struct spec *spec, struct map_writer *writer)
{
	char *const no_environment[] = { NULL };
	struct map_arguments arguments;
	int gate[2], output[2];
	char go;
	const pid_t process = getpid();

	if (fill_arguments(spec, writer, &arguments) < 0)
		return report_refusal("bad-request", writer->field, "more id maps than are taken");
	if (pipe2(gate, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		return report_error("write id maps", writer->program, errno, NULL);
	writer->pid = fork();
	if (writer->pid < 0)
		return report_error("write id maps", writer->program, errno, NULL);
	if (writer->pid == 0) {
		close(gate[1]);
		if (read(gate[0], &go, 1) != 1)
			_exit(EXIT_SYSTEM); /* the namespace could not be made */
		dup2(output[1], STDOUT_FILENO);
		dup2(output[1], STDERR_FILENO);
		if (writer->program == NULL)
			_exit(write_map(spec, writer, process));
		execve(writer->program, (char *const *)arguments.list, no_environment);
		dprintf(STDERR_FILENO, "%s", strerrordesc_np(errno));
		_exit(EXIT_SYSTEM);
	}
	close(gate[0]);
	close(output[1]);
	writer->gate = gate[1];
	writer->output = output[0];
	return 0;
}

static int finish_map_writer(struct map_writer *writer)
{
	char complaint[512];
	size_t used = 0;
	int status;

	if (write(writer->gate, "", 1) != 1)
		return report_error("write id maps", writer->program, errno, NULL);
	close(writer->gate);
	for (;;) {
		ssize_t n = read(writer->output, complaint + used, sizeof(complaint) - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	close(writer->output);
	while (used > 0 && complaint[used - 1] == '\n')
		used--;
	complaint[used] = '\0';
	while (waitpid(writer->pid, &status, 0) < 0)
		if (errno != EINTR)
			return report_error("write id maps", writer->program, errno, NULL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return report_error("write id maps", writer->program, EPERM, complaint);
}

static int enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER) == 0)
		return 0;
	switch (errno) {
	case ENOSPC:
		return report_error("make a user namespace", NULL, errno,
				    "the limit user.max_user_namespaces is reached: raise it with sysctl");
	case EPERM:
		return report_error("make a user namespace", NULL, errno,
				    "allow it with sysctl kernel.unprivileged_userns_clone=1 or "
				    "kernel.apparmor_restrict_unprivileged_userns=0; a container needs "
				    "--security-opt seccomp=unconfined (docs/containers.md)");
	default:
		return report_error("make a user namespace", NULL, errno, NULL);
	}
}

static int write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return report_error("write id maps", path, errno, NULL);
	return 0;
}

/* The one id that everybody may map: their own. The kernel wants setgroups(2) given up in return. */
static int write_single_maps(const char *uids, const char *gids)
{
	setgroups_denied = true;
	if (write_file("/proc/self/setgroups", "deny") < 0)
		return -1;
	if (write_file("/proc/self/uid_map", uids) < 0)
		return -1;
	return write_file("/proc/self/gid_map", gids);
}

static int enter_with_writers(const struct spec *spec)
{
	struct map_writer uids = { .field = "uidmap", .file = "uid_map", .program = spec_get(spec, "newuidmap") };
	struct map_writer gids = { .field = "gidmap", .file = "gid_map", .program = spec_get(spec, "newgidmap") };
	bool own = spec_bool(spec, "own-maps");

	if (own != (uids.program == NULL) || own != (gids.program == NULL))
		return report_refusal("bad-request", "newuidmap", "several ids need newuidmap and newgidmap");
	/* Both wait for us side by side: forking is cheaper from here than from inside the namespace. */
	if (start_map_writer(spec, &uids) < 0 || start_map_writer(spec, &gids) < 0)
		return -1;
	if (enter_user_namespace() < 0)
		return -1;
	int first = finish_map_writer(&uids);
	int second = finish_map_writer(&gids);
	return first < 0 || second < 0 ? -1 : 0;
}

static int become_root(void)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return report_error("become root of the user namespace", NULL, errno, NULL);
	if (!setgroups_denied && setgroups(0, NULL) < 0)
		return report_error("drop the host's groups", NULL, errno, NULL);
	/* A change of ids clears the parent-death signal. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return 0;
}

static int make_user_namespace(const struct spec *spec)
{
	const char *uids = spec_get(spec, "uidmap"), *gids = spec_need(spec, "gidmap");

	if (gids == NULL)
		return -1;
	if (spec_get(spec, "newuidmap") != NULL || spec_bool(spec, "own-maps"))
		return enter_with_writers(spec);
	if (enter_user_namespace() < 0)
		return -1;
	return write_single_maps(uids, gids);
}

static int join(int fd, int type, const char *what)
{
	if (setns(fd, type) == 0)
		return 0;
	return report_error(what, NULL, errno, NULL);
}

/* Whoever made the namespace that we are in may have given setgroups(2) up. */
static int learn_setgroups(void)
{
	char text[16] = "";
	cleanup_fd int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return report_error("read id maps", "/proc/self/setgroups", errno, NULL);
	setgroups_denied = strncmp(text, "deny", 4) == 0;
	return 0;
}

int ns_join_network(void)
{
	return join(NETWORK_NAMESPACE_FD, CLONE_NEWNET, "join the network namespace");
}

int ns_enter(const struct spec *spec)
{
	bool held = spec_bool(spec, "user-namespace");

	/* The ids are those of a container's root, who may give files to any of them, and mount nothing. */
	if (spec_bool(spec, "no-namespaces")) {
		rootless = without = true;
		return learn_setgroups();
	}
	if (held || spec_get(spec, "uidmap") != NULL) {
		rootless = true;
		if (held && (join(USER_NAMESPACE_FD, CLONE_NEWUSER, "join the user namespace") < 0 || learn_setgroups() < 0))
			return -1;
		if ((!held && make_user_namespace(spec) < 0) || become_root() < 0)
			return -1;
	} else if (learn_setgroups() < 0) {
		return -1;
	}
	if (unshare(CLONE_NEWNS) < 0)
		return report_error("make a mount namespace", NULL, errno,
				    "run as root, or as a user who may make user namespaces (tsbuild info tells)");
	/* Nothing that we mount may reach the host, whatever propagation its mounts have. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return report_error("make mounts private", "/", errno, NULL);
	return 0;
}
