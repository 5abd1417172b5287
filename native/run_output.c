// SPDX-License-Identifier: Apache-2.0
// Hands on what a command writes. The caller's ends are sockets, which nothing can open through /dev/stdout; commands
// expect to (`echo x >/dev/stderr`), so they get pipes, owned by their user.

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compat.h"
#include "ns.h"
#include "report.h"
#include "run.h"

#define CHUNK (256 << 10)

int relay_open(struct relay relays[2], int write_ends[2], const struct user *user)
{
	for (int i = 0; i < 2; i++) {
		int ends[2], to = i + 1;

		if (pipe2(ends, O_CLOEXEC) < 0)
			return report_error("make a pipe for the command's output", NULL, errno, NULL);
		if (fchown(ends[1], user->uid, user->gid) < 0)
			return report_error("become a user", user->name, errno, ns_hint_unmapped(errno));
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(to, F_SETFL, O_NONBLOCK | O_WRONLY) < 0)
			return report_error("make a pipe for the command's output", NULL, errno, NULL);
		relays[i] = (struct relay){ ends[0], to, false };
		write_ends[i] = ends[1];
	}
	return 0;
}

int relay_move(struct relay *relay)
{
	for (;;) {
		ssize_t n = splice(relay->from, NULL, relay->to, NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		relay->stalled = false;
		if (n > 0)
			continue;
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
