// SPDX-License-Identifier: Apache-2.0
// Hands on what a command reads and writes. The caller's ends are sockets, which nothing can open through /dev/stdout; commands
// expect to (`echo x >/dev/stderr`), so they get pipes, owned by their user. An attached command's other side may be anything,
// a terminal or a file of the user: it is shared with others, so it stays as it is (blocking), and the command never gets hold of it.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "ns.h"
#include "report.h"
#include "run.h"

#define CHUNK (256 << 10)
/* What a pipe that says it has room takes without blocking. */
#define PORTION 4096
/* More than the kernel keeps of what was written to a terminal and is not yet read; how much that is, it does not tell. */
#define TERMINAL_HOLDS (1u << 20)

static const char making[] = "make a pipe for the command";

/*
 * One of our own descriptors, to be read or written. A terminal that is stopped would hold us up, deaf to everything else, so
 * it is opened once more, without blocking; where that is not allowed, it stays what it is.
 */
static int open_own(int fd, int flags)
{
	char path[32];

	if (!isatty(fd))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return again < 0 ? fd : again;
}

/* A relay that copies. It takes both ends unless they are our own. -1: errno. */
static int copy_between(struct relay *relay, int from, int to)
{
	*relay = (struct relay){ .from = from, .to = to, .buffer = malloc(PORTION) };
	return from < 0 || to < 0 || relay->buffer == NULL ? -1 : 0;
}

/* A pipe, its end for the command owned by the user. -1: reported. */
static int make_pipe(int ends[2], int commands_end, const struct user *user)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return report_error(making, NULL, errno, NULL);
	if (fchown(ends[commands_end], user->uid, user->gid) < 0)
		return report_error("become a user", user->name, errno, ns_hint_unmapped(errno));
	if (fcntl(ends[1 - commands_end], F_SETFL, O_NONBLOCK) < 0)
		return report_error(making, NULL, errno, NULL);
	return 0;
}

static int open_output(struct run *run, struct relay *relay, int to)
{
	int ends[2];

	if (make_pipe(ends, 1, &run->user) < 0)
		return -1;
	run->stdio[to] = ends[1];
	*relay = (struct relay){ .from = ends[0], .to = to };
	if (run->attached ? copy_between(relay, ends[0], open_own(to, O_WRONLY)) < 0 : fcntl(to, F_SETFL, O_NONBLOCK | O_WRONLY) < 0)
		return report_error(making, NULL, errno, NULL);
	return 0;
}

static int open_input(struct run *run, struct relay *relay)
{
	int ends[2];

	if (!spec_bool(run->spec, "input"))
		return 0;
	if (make_pipe(ends, 0, &run->user) < 0)
		return -1;
	run->stdio[0] = ends[0];
	return copy_between(relay, open_own(STDIN_FILENO, O_RDONLY), ends[1]) < 0 ? report_error(making, NULL, errno, NULL) : 0;
}

static int open_terminal(struct run *run, struct relay relays[N_RELAYS])
{
	struct terminal *terminal = &run->terminal;

	if (terminal_open(terminal, &run->user) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		run->stdio[i] = terminal->slave;
	run->stdio[1] = fcntl(terminal->slave, F_DUPFD_CLOEXEC, 3);
	run->stdio[2] = fcntl(terminal->slave, F_DUPFD_CLOEXEC, 3);
	if (run->stdio[1] < 0 || run->stdio[2] < 0 ||
	    copy_between(&relays[RELAY_OUTPUT], fcntl(terminal->master, F_DUPFD_CLOEXEC, 3),
			 open_own(STDOUT_FILENO, O_WRONLY)) < 0)
		return report_error("make a terminal", NULL, errno, NULL);
	if (spec_bool(run->spec, "input") &&
	    copy_between(&relays[RELAY_INPUT], open_own(STDIN_FILENO, O_RDONLY),
			 fcntl(terminal->master, F_DUPFD_CLOEXEC, 3)) < 0)
		return report_error("make a terminal", NULL, errno, NULL);
	return 0;
}

int relay_open(struct run *run, struct relay relays[N_RELAYS])
{
	for (int i = 0; i < N_RELAYS; i++) {
		relays[i] = (struct relay){ .from = -1, .to = -1 };
		run->stdio[i] = -1;
	}
	run->attached = spec_bool(run->spec, "attach");
	if (run->attached && spec_bool(run->spec, "terminal"))
		return open_terminal(run, relays);
	if (run->attached && open_input(run, &relays[RELAY_INPUT]) < 0)
		return -1;
	if (open_output(run, &relays[RELAY_OUTPUT], STDOUT_FILENO) < 0)
		return -1;
	return open_output(run, &relays[RELAY_ERRORS], STDERR_FILENO);
}

/* How much may be read at once. */
static size_t portion(const struct relay *relay, size_t most)
{
	return relay->ending && relay->left < most ? relay->left : most;
}

static void count(struct relay *relay, ssize_t moved)
{
	if (relay->ending)
		relay->left -= (size_t)moved;
}

/* One step of a relay that copies: either reads, or writes some of what was read; which one, `stalled` tells to poll. */
static int copy_some(struct relay *relay)
{
	ssize_t n;

	if (!relay->stalled) {
		n = read(relay->from, relay->buffer, portion(relay, PORTION));
		if (n > 0) {
			count(relay, n);
			relay->begin = 0;
			relay->end = (size_t)n;
			relay->stalled = true;
		}
		/* EIO: nobody has the terminal open any more. */
		return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)) ? 1 : 0;
	}
	n = write(relay->to, relay->buffer + relay->begin, relay->end - relay->begin);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -1;
	relay->begin += (size_t)n;
	relay->stalled = relay->begin < relay->end;
	return 1;
}

int relay_move(struct relay *relay)
{
	if (relay->buffer != NULL)
		return copy_some(relay);
	for (;;) {
		ssize_t n = splice(relay->from, NULL, relay->to, NULL, portion(relay, CHUNK), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		relay->stalled = false;
		if (n > 0) {
			count(relay, n);
			return 1;
		}
		if (n == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -1;
		/* Either the pipe is empty or the receiver is full: the number of bytes waiting tells. */
		int waiting = 0;
		if (ioctl(relay->from, FIONREAD, &waiting) < 0)
			return -1;
		relay->stalled = waiting > 0;
		return 1;
	}
}

void relay_end(struct relay *relay)
{
	int waiting = 0;

	if (relay->from < 0)
		return;
	relay->ending = true;
	if (isatty(relay->from))
		relay->left = TERMINAL_HOLDS;
	else
		relay->left = ioctl(relay->from, FIONREAD, &waiting) < 0 ? 0 : (size_t)waiting;
}

void relay_close(struct relay *relay)
{
	if (relay->from > STDERR_FILENO)
		close(relay->from);
	if (relay->to > STDERR_FILENO)
		close(relay->to);
	relay->from = -1;
	relay->stalled = false;
}
