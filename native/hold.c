// SPDX-License-Identifier: Apache-2.0
// The verb `hold`: keeps a user namespace, and a connected network namespace if asked for one, for other helpers to join. Making
// them costs more than most steps do; a build makes them once. They go when our caller goes, or the network's program does.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "net.h"
#include "ns.h"
#include "report.h"
#include "verbs.h"

/* Until we are told to end, our caller is gone, or the program has ended. */
static int wait_for_end(void)
{
	sigset_t watched;

	sigemptyset(&watched);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	cleanup_fd int signals = signalfd(-1, &watched, SFD_CLOEXEC);
	if (signals < 0)
		return report_error("watch signals", NULL, errno, NULL);
	report_event("ready", REPORT_INT, "pid", (long long)getpid(), REPORT_END);
	struct pollfd fds[] = { { .fd = signals, .events = POLLIN }, { .fd = REPORT_FD, .events = 0 } };
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		continue;
	return 0;
}

int verb_hold(const struct spec *spec)
{
	const char *program = spec_get(spec, "network-program");
	pid_t helper = 0;

	if (ns_enter(spec) < 0)
		return -1;
	if (program != NULL && net_connect(program, &helper) < 0) {
		net_disconnect(helper);
		return -1;
	}
	/* Our caller, the same user, opens our namespaces through /proc. */
	prctl(PR_SET_DUMPABLE, 1);
	int rc = wait_for_end();
	net_disconnect(helper);
	return rc;
}
