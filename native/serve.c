// SPDX-License-Identifier: Apache-2.0
// The verb `serve`: starts helpers for the verb `run` on behalf of our caller. It is a small process, and forking it costs a
// tenth of forking our caller, whose memory is large. A helper that is started here is like any other: executed anew, with
// the descriptors that main.c names; its request comes, and its output and events go, as frames (docs/protocol.md).

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"
#include "io.h"
#include "ns.h"
#include "report.h"
#include "run.h"
#include "verbs.h"
#include "wire.h"

/* Helpers at a time, those that only tidy up among them. Our caller orders fewer (MAX_SERVED in src/sandbox/run-server.ts). */
#define MAX_RUNNING 128

/* What a helper writes: the kind of the frame, and the helper's descriptor. */
static const struct stream {
	char kind;
	int fd;
} streams[] = { { 'o', STDOUT_FILENO }, { 'x', STDERR_FILENO }, { 'e', REPORT_FD }, { 'l', LAYER_FD } };
#define N_STREAMS (sizeof(streams) / sizeof(streams[0]))

struct running {
	uint32_t id;
	pid_t pid; /* 0: it has ended */
	int status;
	bool silent; /* all that it writes has been handed on; what it still does is tidying up */
	int from[N_STREAMS]; /* -1: at its end */
};

struct server {
	struct wire wire;
	int signals;
	struct running *list[MAX_RUNNING];
	size_t count;
};

/* A descriptor moved out of the way of those that a helper gets. */
static int moved_up(int fd)
{
	int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LAYER_FD + 1);
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return moved;
}

/* The request as a file to be read from its start. */
static int request_file(struct cursor *request)
{
	cleanup_fd int file = moved_up(memfd_create("request", MFD_CLOEXEC));

	if (file < 0 || write_all(file, request->at, request->left) < 0 || lseek(file, 0, SEEK_SET) < 0)
		return -1;
	return steal_fd(&file);
}

/* A namespace that our caller has open under this number; 0: none, which is /dev/null. */
static int namespace_of_caller(uint32_t number)
{
	char path[64] = "/dev/null";

	if (number != 0)
		snprintf(path, sizeof(path), "/proc/%d/fd/%u", getppid(), number);
	return moved_up(open(path, O_RDONLY | O_CLOEXEC));
}

static void become_helper(const int *fds)
{
	char name[] = "tsbuild-helper", verb[] = "run";
	char *const argv[] = { name, verb, NULL };
	char *const env[] = { NULL };
	sigset_t none;

	for (int fd = 0; fd <= LAYER_FD; fd++)
		if (dup2(fds[fd], fd) < 0)
			_exit(EXIT_SYSTEM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	execve("/proc/self/exe", argv, env);
	_exit(EXIT_SYSTEM);
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Starts a helper with pipes for all that it writes. -1 with errno: it was not started. */
static int start(struct running *one, struct cursor *request, uint32_t network, uint32_t user)
{
	int fds[LAYER_FD + 1];

	memset(fds, -1, sizeof(fds));
	fds[0] = namespace_of_caller(0);
	fds[3] = request_file(request);
	fds[NETWORK_NAMESPACE_FD] = namespace_of_caller(network);
	fds[USER_NAMESPACE_FD] = namespace_of_caller(user);
	for (size_t i = 0; i < N_STREAMS; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0)
			break;
		one->from[i] = moved_up(ends[0]);
		fds[streams[i].fd] = moved_up(ends[1]);
	}
	bool ready = true;
	for (int fd = 0; fd <= LAYER_FD; fd++)
		ready = ready && fds[fd] >= 0;
	for (size_t i = 0; i < N_STREAMS; i++)
		ready = ready && one->from[i] >= 0;
	one->pid = ready ? fork() : -1;
	if (one->pid == 0)
		become_helper(fds);
	int err = errno;
	close_all(fds, LAYER_FD + 1);
	errno = err;
	return one->pid < 0 ? -1 : 0;
}

static int send_number(struct server *server, char kind, uint32_t id, uint32_t number)
{
	cleanup_bytes struct bytes payload = { 0 };

	if (bytes_add_u32(&payload, id) < 0 || bytes_add_u32(&payload, number) < 0)
		return -1;
	return wire_send(&server->wire, kind, payload.data, payload.length);
}

static void forget(struct server *server, size_t at)
{
	close_all(server->list[at]->from, N_STREAMS);
	free(server->list[at]);
	server->list[at] = server->list[--server->count];
}

static void put_id(unsigned char *to, uint32_t id)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(id >> (8 * i));
}

static bool is_silent(const struct running *one)
{
	for (size_t i = 0; i < N_STREAMS; i++)
		if (one->from[i] >= 0)
			return false;
	return true;
}

static int announce_silence(struct server *server, struct running *one)
{
	unsigned char id[4];

	if (one->silent || !is_silent(one))
		return 0;
	one->silent = true;
	put_id(id, one->id);
	return wire_send(&server->wire, 's', id, sizeof(id));
}

static int announce_ends(struct server *server)
{
	for (size_t i = 0; i < server->count;) {
		struct running *one = server->list[i];
		if (announce_silence(server, one) < 0)
			return -1;
		if (!one->silent || one->pid != 0) {
			i++;
			continue;
		}
		if (send_number(server, 'c', one->id, (uint32_t)one->status) < 0)
			return -1;
		forget(server, i);
	}
	return 0;
}

/* What has only its tidying up left to do may finish that. What else runs dies with us, and takes its step along. */
static void wait_for_the_silent(const struct server *server)
{
	for (size_t i = 0; i < server->count; i++)
		while (server->list[i]->silent && server->list[i]->pid != 0 &&
		       waitpid(server->list[i]->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
}

/* A helper that could not be started is one that ended at once; the others go on. */
static int refuse(struct server *server, struct running *one, int err)
{
	unsigned char text[128];
	int length = snprintf((char *)text + 4, sizeof(text) - 4, "tsbuild-helper: cannot start: %s\n", strerror(err));

	close_all(one->from, N_STREAMS);
	memset(one->from, -1, sizeof(one->from));
	one->pid = 0;
	one->status = EXIT_SYSTEM << 8;
	put_id(text, one->id);
	if (wire_send(&server->wire, 'x', text, 4 + (size_t)length) < 0)
		return -1;
	return announce_ends(server);
}

static int do_start(struct server *server, struct cursor *order)
{
	uint32_t id = take_u32(order), network = take_u32(order), user = take_u32(order);

	if (order->bad)
		return report_refusal("bad-request", NULL, "a malformed order to start a helper");
	struct running *one = calloc(1, sizeof(*one));
	if (one == NULL)
		return report_error("start a helper", NULL, errno, NULL);
	one->id = id;
	memset(one->from, -1, sizeof(one->from));
	server->list[server->count++] = one;
	return start(one, order, network, user) < 0 ? refuse(server, one, errno) : 0;
}

static int do_kill(const struct server *server, struct cursor *order)
{
	uint32_t id = take_u32(order);
	int number = (int)take_u8(order);

	if (order->bad)
		return report_refusal("bad-request", NULL, "a malformed order to send a signal");
	for (size_t i = 0; i < server->count; i++)
		if (server->list[i]->id == id && server->list[i]->pid > 0)
			kill(server->list[i]->pid, number);
	return 0;
}

/* 1: go on, 0: our caller is gone, -1: reported. */
static int serve_orders(struct server *server)
{
	do {
		struct cursor order;
		int got = wire_frame(&server->wire, &order);
		if (got <= 0)
			return got == 0 ? 0 : report_error("read the orders", NULL, errno, NULL);
		char kind = (char)take_u8(&order);
		int outcome = kind == 's' ? do_start(server, &order) :
			      kind == 'k' ? do_kill(server, &order) :
					    report_refusal("bad-request", NULL, "an unknown order");
		if (outcome < 0)
			return -1;
	} while (server->count < MAX_RUNNING && wire_has_frame(&server->wire));
	return 1;
}

/* Hands on what one helper has written; -1 with errno: our caller does not take it. */
static int pass_on(struct server *server, struct running *one, size_t which)
{
	unsigned char data[4 + 65536];
	ssize_t got = read(one->from[which], data + 4, sizeof(data) - 4);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got <= 0) {
		close(one->from[which]);
		one->from[which] = -1;
		return 0;
	}
	put_id(data, one->id);
	return wire_send(&server->wire, streams[which].kind, data, 4 + (size_t)got);
}

static void reap(struct server *server)
{
	struct signalfd_siginfo signal_info;
	int status;

	while (read(server->signals, &signal_info, sizeof(signal_info)) < 0 && errno == EINTR)
		continue;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
		for (size_t i = 0; i < server->count; i++)
			if (server->list[i]->pid == pid) {
				server->list[i]->pid = 0;
				server->list[i]->status = status;
			}
}

/* One round: waits, hands on, reaps, takes orders. 1: go on, 0: the end, -1: reported. */
static int serve_round(struct server *server)
{
	struct pollfd fds[2 + MAX_RUNNING * N_STREAMS];
	size_t running = server->count;

	/* With no room for another helper, orders wait until one has ended. */
	bool full = running == MAX_RUNNING, ordered = !full && wire_has_frame(&server->wire);
	fds[0] = (struct pollfd){ .fd = full ? -1 : server->wire.in, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = server->signals, .events = POLLIN };
	for (size_t i = 0; i < running * N_STREAMS; i++)
		fds[2 + i] = (struct pollfd){ .fd = server->list[i / N_STREAMS]->from[i % N_STREAMS], .events = POLLIN };
	if (poll(fds, 2 + running * N_STREAMS, ordered ? 0 : -1) < 0)
		return errno == EINTR ? 1 : report_error("wait", NULL, errno, NULL);
	for (size_t i = 0; i < running * N_STREAMS; i++)
		if (fds[2 + i].revents != 0 && pass_on(server, server->list[i / N_STREAMS], i % N_STREAMS) < 0)
			return 0;
	if (fds[1].revents != 0)
		reap(server);
	if (announce_ends(server) < 0 || wire_flush(&server->wire) < 0)
		return 0;
	return fds[0].revents == 0 && !ordered ? 1 : serve_orders(server);
}

int verb_serve(const struct spec *spec)
{
	struct server server = { .wire = { .in = STDIN_FILENO, .out = STDOUT_FILENO } };
	sigset_t watched;
	int outcome;

	(void)spec;
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	server.signals = moved_up(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
	if (server.signals < 0)
		return report_error("watch signals", NULL, errno, NULL);
	do
		outcome = serve_round(&server);
	while (outcome == 1);
	wait_for_the_silent(&server);
	while (server.count > 0)
		forget(&server, 0);
	wire_free(&server.wire);
	return outcome;
}
