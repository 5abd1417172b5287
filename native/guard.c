// SPDX-License-Identifier: Apache-2.0
// See guard.h. The parent-death signal alone does not do: a step may take its own away (prctl), or lose it by running a set-uid
// program. It would then go on for ever when its parent is killed and has no time to end it. The guard is a process outside of
// the step's namespaces, which the step can neither see nor signal, and waits for nothing but the end of the parent.

#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "report.h"

enum { LINE_FD, PROCESS_FD, FIRST_OTHER_FD };

/* Nothing of ours stays with it: whoever waits for the end of our output must not wait for the guard. */
static _Noreturn void guard_main(int line, int process)
{
	sigset_t all;
	char nothing;

	/* What ends a whole process group shall not end parent and guard at once. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (dup2(line, LINE_FD) < 0 || dup2(process, PROCESS_FD) < 0 || sys_close_range(FIRST_OTHER_FD, ~0U, 0) < 0)
		_exit(EXIT_SYSTEM);
	while (read(LINE_FD, &nothing, 1) < 0 && errno == EINTR)
		continue;
	syscall(SYS_pidfd_send_signal, PROCESS_FD, SIGKILL, NULL, 0);
	_exit(0);
}

int guard_start(struct guard *guard, int process)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return report_error("make a pipe", NULL, errno, NULL);
	cleanup_fd int guards_end = ends[0], ours = ends[1];
	guard->pid = fork();
	if (guard->pid == 0)
		guard_main(guards_end, process);
	if (guard->pid < 0) {
		guard->pid = 0;
		return report_error("guard the step", NULL, errno, NULL);
	}
	guard->line = steal_fd(&ours);
	return 0;
}

void guard_dismiss(struct guard *guard)
{
	if (guard->pid != 0)
		close(guard->line);
}

void guard_wait(struct guard *guard)
{
	if (guard->pid == 0)
		return;
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	guard->pid = 0;
}
