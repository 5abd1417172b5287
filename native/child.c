// SPDX-License-Identifier: Apache-2.0
// The first process of a step, from clone to exec. It has all namespaces of its own and is still privileged in them; it
// builds the root, enters it, gives up every descriptor and privilege, and becomes the command.

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "init.h"
#include "net.h"
#include "ns.h"
#include "path.h"
#include "priv.h"
#include "report.h"
#include "run.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Waits for the parent's word; a parent that died instead ends us, too. */
static int pass_gate(const struct run *run)
{
	char word;
	ssize_t n;

	do
		n = read(run->gate[0], &word, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(EXIT_SYSTEM);
	return 0;
}

static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The root goes over our own "/", for lack of any other place that is sure to exist, and becomes it at enter_root. */
static int attach_root(const struct run *run)
{
	cleanup_fd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0 || mount_attach(run->root_fd, top) < 0)
		return report_error("attach the root", NULL, errno, NULL);
	return 0;
}

static int enter_root(const struct run *run)
{
	struct stat own, top;

	if (fchdir(run->root_fd) < 0 || sys_pivot_root(".", ".") < 0)
		return report_error("enter the root", NULL, errno,
				    "the host's own root must not be an initramfs");
	/* The old root now lies over the new one at "."; detached, nothing of the host is left in the namespace. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return report_error("leave the host's root", NULL, errno, NULL);
	/* Whatever else lay over our "/" would now be the step's, at "/..", and the host's root under it. */
	if (fstat(run->root_fd, &own) < 0 || stat("/..", &top) < 0)
		return report_error("look at the root", NULL, errno, NULL);
	if (own.st_dev != top.st_dev || own.st_ino != top.st_ino)
		return report_error("leave the host's root", NULL, EBUSY, NULL);
	return 0;
}

static int set_hostname(const struct run *run)
{
	const char *name = spec_get(run->spec, "hostname");

	if (name != NULL && sethostname(name, strlen(name)) < 0)
		return report_error("set the host name", name, errno, NULL);
	return 0;
}

static int no_working_directory(const char *step, const char *cwd)
{
	if (errno == ELOOP || errno == ENOTDIR || errno == ENOENT)
		return report_refusal("working-directory", cwd, "the working directory is no directory of the image");
	return report_error(step, cwd, errno, NULL);
}

/* Makes the working directory, the user's unless told otherwise, when it is missing. Magic links (/proc/self/fd/N) are refused by path.c. */
static int make_working_directory(const struct run *run, const char *cwd)
{
	bool of_root = spec_bool(run->spec, "cwd-of-root");
	struct path_made made = { .mode = 0755,
				  .uid = of_root ? 0 : run->user.uid,
				  .gid = of_root ? 0 : run->user.gid,
				  .mtime = time(NULL) };
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int directory = root < 0 ? -1 : path_make_dirs(root, cwd, &made);

	return directory < 0 ? no_working_directory("make the working directory", cwd) : 0;
}

/* Runs when no descriptor of the host is open any more, so that no name in /proc/self/fd leads out. */
static int enter_working_directory(const char *cwd)
{
	char where[4096];

	if (chdir(cwd) < 0)
		return no_working_directory("enter the working directory", cwd);
	if (getcwd(where, sizeof(where)) == NULL || where[0] != '/')
		return report_refusal("working-directory", cwd, "the working directory is outside of the image");
	return 0;
}

/* Where process 1 is kept until it is executed. */
#define INIT_FD (REPORT_FD + 1)

/* 0 to 2 what the request says, 4 and INIT_FD (close-on-exec) for what is left to do; nothing else. */
static int arrange_descriptors(const struct run *run)
{
	/* Until here the table was shared with our parent, who keeps what it needs for cleaning up. */
	if (unshare(CLONE_FILES) < 0)
		return report_error("separate the descriptors", NULL, errno, NULL);
	cleanup_fd int input = run->stdio[0] < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl(run->stdio[0], F_DUPFD_CLOEXEC, 3);
	if (input < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(run->stdio[1], STDOUT_FILENO) < 0 ||
	    dup2(run->stdio[2], STDERR_FILENO) < 0)
		return report_error("arrange the descriptors", NULL, errno, NULL);
	close(steal_fd(&input));
	if (run->terminal.slave >= 0 && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return report_error("give the command its terminal", NULL, errno, NULL);
	if (run->init >= 0 && run->init != INIT_FD && dup3(run->init, INIT_FD, O_CLOEXEC) < 0)
		return report_error("arrange the descriptors", NULL, errno, NULL);
	close(3);
	if (sys_close_range(run->init < 0 ? INIT_FD : INIT_FD + 1, ~0U, 0) < 0)
		return report_error("close descriptors", NULL, errno, NULL);
	return 0;
}

static const char **command_arguments(const struct spec *spec)
{
	const char **argv = calloc(spec_count(spec, "arg") + 1, sizeof(*argv));

	for (size_t cursor = 0, n = 0; argv != NULL && spec_next(spec, "arg", &cursor, &argv[n]);)
		n++;
	return argv;
}

static const char *find_variable(const char **env, const char *name)
{
	size_t length = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

/* The request's environment, and HOME of the user when it sets none. */
static const char **command_environment(const struct run *run)
{
	const char **env = calloc(spec_count(run->spec, "env") + 2, sizeof(*env));
	size_t n = 0;
	char *home;

	if (env == NULL)
		return NULL;
	for (size_t cursor = 0; spec_next(run->spec, "env", &cursor, &env[n]);)
		n++;
	if (find_variable(env, "HOME") == NULL) {
		if (asprintf(&home, "HOME=%s", run->user.home) < 0)
			return NULL;
		env[n] = home;
	}
	return env;
}

/* Tries the directories of the command's own PATH. Returns with errno only when nothing could be started. */
static void execute(const char **argv, const char **env)
{
	const char *path = find_variable(env, "PATH");
	int denied = 0;

	if (strchr(argv[0], '/') != NULL) {
		execve(argv[0], (char *const *)argv, (char *const *)env);
		return;
	}
	cleanup_free char *directories = strdup(path == NULL ? DEFAULT_PATH : path);
	for (char *rest = directories; rest != NULL;) {
		const char *directory = strsep(&rest, ":");
		char *candidate;
		if (asprintf(&candidate, "%s/%s", *directory == '\0' ? "." : directory, argv[0]) < 0)
			return;
		execve(candidate, (char *const *)argv, (char *const *)env);
		free(candidate);
		if (errno == EACCES)
			denied = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return;
	}
	errno = denied != 0 ? denied : ENOENT;
}

static void report_exec(const char *command, int err)
{
	const char *message = strerrordesc_np(err), *hint = NULL;
	bool by_path = strchr(command, '/') != NULL;

	if (err == ENOENT && by_path && access(command, F_OK) == 0) {
		message = "its interpreter or loader is missing in the image";
	} else if (err == ENOENT) {
		message = by_path ? "there is no such file in the image" : "not found in PATH";
	} else if (err == EACCES) {
		message = "it is not executable";
	} else if (err == ENOEXEC) {
		message = "its format cannot be executed here";
		hint = "it may be built for another architecture (then binfmt_misc and qemu-user are needed), or be a script "
		       "without a #! line";
	}
	report_event("error", REPORT_TEXT, "code", "exec", REPORT_TEXT, "path", command, REPORT_TEXT, "errno",
		     strerrorname_np(err), REPORT_TEXT, "message", message, REPORT_TEXT, "hint", hint, REPORT_END);
}

/* The command's AppArmor profile, as the kernel's own procfs takes it; an image has no part in this. */
static int set_apparmor(const char *profile)
{
	char text[300];
	struct statfs info;
	cleanup_fd int attribute = open("/proc/thread-self/attr/apparmor/exec", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (attribute < 0 || fstatfs(attribute, &info) < 0 || info.f_type != PROC_SUPER_MAGIC)
		return report_error("set the AppArmor profile", profile, errno, "this kernel has no AppArmor");
	int length = snprintf(text, sizeof(text), "exec %s", profile);
	if (write(attribute, text, (size_t)length) != length)
		return report_error("set the AppArmor profile", profile, errno,
				    errno == ENOENT ? "no profile of this name is loaded (apparmor_parser -r FILE)" :
						      "the profile that tsbuild itself runs under must allow the change");
	return 0;
}

/* 1. Everything that is mounted, and entering it. */
static int build_root(struct run *run)
{
	if (attach_root(run) < 0 || system_mount(run) < 0 || mounts_attach(run) < 0 || hide_paths(run) < 0 ||
	    enter_root(run) < 0)
		return -1;
	if (set_hostname(run) < 0)
		return -1;
	return run->network == NETWORK_NONE ? net_loopback() : 0;
}

/* When everything is in its place: no more writes to the root, while mounts in it keep their own say. */
static int close_root(const struct run *run)
{
	if (!spec_bool(run->spec, "root-read-only"))
		return 0;
	cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mount_restrict(root, MOUNT_ATTR_RDONLY, false) < 0)
		return report_error("make the root read-only", NULL, errno, NULL);
	return 0;
}

/* 2. From root of the step's namespaces to the user that the command runs as. */
static int become_user(struct run *run, const char *cwd)
{
	if (make_working_directory(run, cwd) < 0 || close_root(run) < 0 || priv_set_limits(run->spec) < 0)
		return -1;
	if (spec_bool(run->spec, "no-new-privileges") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return report_error("forbid new privileges", NULL, errno, NULL);
	if (priv_become(&run->user, run->capabilities) < 0)
		return -1;
	/* The change of ids has cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

void child_main(struct run *run)
{
	const char *cwd = spec_get(run->spec, "cwd");
	const char **argv, **env;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	if (run->init >= 0)
		init_hold_signals();
	setsid();
	if (cwd == NULL)
		cwd = "/";
	pass_gate(run); /* in our control group now: the namespace begins there */
	if (unshare(CLONE_NEWCGROUP) < 0) {
		report_error("make a control group namespace", NULL, errno, NULL);
		_exit(EXIT_SYSTEM);
	}
	if (run->network == NETWORK_HELD && ns_join_network() < 0)
		_exit(EXIT_SYSTEM);
	const char *apparmor = spec_get(run->spec, "apparmor");
	if (apparmor != NULL && set_apparmor(apparmor) < 0)
		_exit(EXIT_SYSTEM);
	if (build_root(run) < 0 || become_user(run, cwd) < 0)
		_exit(EXIT_SYSTEM);
	pass_gate(run); /* our parent was alive after we asked to die with it */
	argv = command_arguments(run->spec);
	env = command_environment(run);
	umask(022);
	if (argv == NULL || env == NULL || argv[0] == NULL) {
		report_refusal("bad-request", "arg", "a command is missing");
		_exit(EXIT_SYSTEM);
	}
	if (arrange_descriptors(run) < 0 || enter_working_directory(cwd) < 0 ||
	    priv_drop(run->spec, &run->user, run->capabilities, run->insecure) < 0)
		_exit(EXIT_SYSTEM);
	if (run->init >= 0)
		init_split(INIT_FD, run->terminal.slave >= 0);
	execute(argv, env);
	report_exec(argv[0], errno);
	_exit(EXIT_SYSTEM);
}
