// SPDX-License-Identifier: Apache-2.0
// Process 1 for commands that do not want to be it. It shares the command's namespaces, privileges and filter, so it must not be
// worth anything: it runs from a sealed copy of this program in memory (through /proc/1/exe nobody reaches the file on the host,
// CVE-2019-5736), has no descriptors but 0, 1 and 2, and cannot be looked into.

#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "report.h"
#include "spec.h"

static const char init_name[] = "tsbuild-init";

static int copy_self(int memory)
{
	struct stat status;
	cleanup_fd int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (self < 0 || fstat(self, &status) < 0)
		return -1;
	for (off_t done = 0; done < status.st_size;) {
		ssize_t n = sendfile(memory, self, &done, (size_t)(status.st_size - done));
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
	}
	return fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

int init_image(void)
{
	cleanup_fd int memory = memfd_create(init_name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (memory < 0 || copy_self(memory) < 0)
		return report_error("make a process 1", NULL, errno, NULL);
	return steal_fd(&memory);
}

static void all_signals(int how)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(how, &all, NULL);
}

void init_hold_signals(void)
{
	all_signals(SIG_BLOCK);
}

/* The foreground of the terminal: what is typed as an interrupt reaches the command, and not process 1 as well. */
static void take_foreground(bool terminal)
{
	setpgid(0, 0);
	if (!terminal)
		return;
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
}

void init_split(int image, bool terminal)
{
	int begun[2];
	char pid[16], nothing;

	if (pipe2(begun, O_CLOEXEC) < 0) {
		report_error("make a pipe", NULL, errno, NULL);
		_exit(EXIT_SYSTEM);
	}
	pid_t command = fork();
	if (command == 0) {
		close(begun[1]);
		all_signals(SIG_UNBLOCK);
		take_foreground(terminal);
		/* Its end is closed when process 1 has become the image. Should it fail to, we end with it. */
		while (read(begun[0], &nothing, 1) < 0 && errno == EINTR)
			continue;
		close(begun[0]);
		return;
	}
	snprintf(pid, sizeof(pid), "%d", command);
	char *const argv[] = { (char *)(uintptr_t)init_name, pid, NULL }, *const env[] = { NULL };
	if (command > 0)
		fexecve(image, argv, env);
	report_error("start process 1", NULL, errno, NULL);
	_exit(EXIT_SYSTEM);
}

bool init_is_sealed(void)
{
	cleanup_fd int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals = self < 0 ? -1 : fcntl(self, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}

/* Reaps everything that has ended. The exit code of the command, or -1 while it runs. */
static int reap(pid_t command)
{
	int status, code = -1;

	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		if (pid == command)
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return code;
}

int init_main(int argc, char **argv)
{
	long long command;
	sigset_t all;
	int code = -1;

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, init_name);
	if (argc != 2 || strcmp(argv[0], init_name) != 0 || !parse_int(argv[1], &command) || command <= 1)
		return EXIT_BAD_REQUEST;
	sys_close_range(STDERR_FILENO + 1, ~0U, 0);
	/* Held back since before the command was made: none is lost, and there is one for each end. */
	sigfillset(&all);
	while (code < 0) {
		int number = sigwaitinfo(&all, NULL);
		if (number == SIGCHLD)
			code = reap((pid_t)command);
		else if (number > 0 && number != SIGTTIN && number != SIGTTOU)
			kill((pid_t)command, number);
	}
	return code;
}
