// SPDX-License-Identifier: Apache-2.0
// The verb `run`: its outline, and the parent of the step. The parent waits outside of the step's namespaces; the step cannot
// see or signal it. When the parent dies, so does the step (guard.c); when our caller dies, so does the parent.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "guard.h"
#include "init.h"
#include "io.h"
#include "ns.h"
#include "priv.h"
#include "report.h"
#include "run.h"
#include "tree_diff.h"
#include "verbs.h"

/* What the parent watches while the step runs. */
struct watch {
	pid_t child;
	int process; /* pidfd of the child */
	struct guard guard;
	int signals; /* signalfd */
	int control; /* signals for the command; -1: none */
	bool unread; /* the step was ended because nobody reads what it writes */
	struct relay relays[N_RELAYS];
};

static int prepare_root(struct run *run)
{
	if (spec_root(run->spec, "root", &run->root) < 0)
		return -1;
	run->root.strangers = true;
	cleanup_fd int fd = root_open(&run->root, true);
	if (fd < 0)
		return -1;
	/* A lone directory is no mount yet. */
	if (root_is_directory(&run->root)) {
		int clone = mount_clone(fd, false);
		if (clone < 0)
			return report_error("mount the root", NULL, errno, NULL);
		close(fd);
		fd = clone;
	}
	/* See mount_private_dev for the reason. */
	if (!run->insecure && mount_restrict(fd, MOUNT_ATTR_NODEV, false) < 0)
		return report_error("restrict the root", NULL, errno, "Linux 5.12 or newer is needed");
	run->root_fd = steal_fd(&fd);
	return 0;
}

static int prepare(struct run *run)
{
	run->insecure = spec_bool(run->spec, "insecure");
	run->network = spec_is(run->spec, "network", "host") ? NETWORK_HOST :
		       spec_is(run->spec, "network", "held") ? NETWORK_HELD :
							       NETWORK_NONE;
	if (ns_enter(run->spec) < 0 || prepare_root(run) < 0)
		return -1;
	if (user_lookup(run->root_fd, spec_get(run->spec, "user"), &run->user) < 0 ||
	    user_add_groups(run->root_fd, run->spec, &run->user) < 0)
		return -1;
	if (priv_granted(run->spec, run->insecure, &run->capabilities) < 0)
		return -1;
	if (mounts_open(run) < 0)
		return -1;
	if (spec_bool(run->spec, "init") && (run->init = init_image()) < 0)
		return -1;
	run->stubs = stubs_new();
	if (run->stubs == NULL)
		return -1;
	if (pipe2(run->gate, O_CLOEXEC) < 0)
		return report_error("make a pipe", NULL, errno, NULL);
	return 0;
}

/* From here on signals are read, not suffered. */
static int watch_signals(void)
{
	sigset_t watched;

	sigemptyset(&watched);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	int fd = signalfd(-1, &watched, SFD_CLOEXEC);
	if (fd < 0)
		report_error("watch signals", NULL, errno, NULL);
	return fd;
}

/*
 * Starts the child. It shares our descriptor table until shortly before exec, so that what it opens to undo later is ours,
 * too. clone(2) rather than clone3(2): inside a container the latter is often forbidden.
 */
static int start_child(struct run *run, struct watch *watch)
{
	unsigned long flags = CLONE_FILES | CLONE_PIDFD | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			      (run->network == NETWORK_NONE ? CLONE_NEWNET : 0);

	watch->child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, &watch->process, NULL, NULL);
	if (watch->child < 0)
		return report_error("make namespaces", NULL, errno,
				    errno == ENOSPC ? "a limit of the kernel is reached (sysctl user.max_*_namespaces)" : NULL);
	if (watch->child == 0)
		child_main(run);
	return 0;
}

static void kill_child(const struct watch *watch)
{
	/* Process 1 of the namespace: the kernel then kills every other, whatever it ignores. */
	syscall(SYS_pidfd_send_signal, watch->process, SIGKILL, NULL, 0);
}

/* Events to wait for: room at the receiver when it is full, else something to hand on. */
static struct pollfd relay_poll(const struct relay *relay)
{
	if (relay->from < 0)
		return (struct pollfd){ .fd = -1 };
	return relay->stalled ? (struct pollfd){ .fd = relay->to, .events = POLLOUT } :
				(struct pollfd){ .fd = relay->from, .events = POLLIN };
}

/* 0, or -1: nobody takes the output any more, and the relay is still open. */
static int serve_relay(struct relay *relay, const struct pollfd *ready)
{
	if (relay->from < 0 || ready->revents == 0)
		return 0;
	int more = relay_move(relay);
	if (more == 0)
		relay_close(relay);
	return more < 0 ? -1 : 0;
}

/* Whether a process has left SIGPIPE alone; what we cannot find out counts as yes. */
static bool sigpipe_is_default(pid_t pid)
{
	static const char *const masks[] = { "\nSigBlk:", "\nSigIgn:", "\nSigCgt:" };
	char path[32], text[4096];
	const unsigned long long bit = 1ull << (SIGPIPE - 1);

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read_all(fd, text, sizeof(text) - 1);
	text[length < 0 ? 0 : length] = '\0';
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		const char *mask = strstr(text, masks[i]);
		if (mask != NULL && (strtoull(mask + strlen(masks[i]), NULL, 16) & bit) != 0)
			return false;
	}
	return true;
}

/*
 * An attached command writes, and nobody reads. Elsewhere SIGPIPE would be its end, but the kernel keeps that from a process 1 that
 * leaves the signal alone, and it would write on for ever: so we end it, before it can see an error and complain of it. One that
 * wants to know gets to know, and so does what a process 1 of ours looks after. A terminal that nobody sees ends what runs in it.
 */
static void serve_unread(const struct run *run, struct watch *watch, struct relay *relay)
{
	bool told = run->terminal.master < 0 && (run->init >= 0 || !sigpipe_is_default(watch->child));

	if (relay != &watch->relays[RELAY_INPUT] && !told) {
		watch->unread = true;
		kill_child(watch);
	}
	relay_close(relay);
}

/* Hands on the signals that our caller has sent. */
static void serve_control(const struct run *run, struct watch *watch)
{
	unsigned char numbers[64];
	ssize_t n = read(watch->control, numbers, sizeof(numbers));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		watch->control = -1;
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (numbers[i] == SIGWINCH && run->terminal.master >= 0)
			terminal_resize(&run->terminal); /* the kernel tells whoever has it */
		else
			syscall(SYS_pidfd_send_signal, watch->process, (int)numbers[i], NULL, 0);
	}
}

/* Hands on output until the child is gone. Kills it when we are told to end or our caller is no more. */
static void watch_child(const struct run *run, struct watch *watch)
{
	bool killed = false;

	for (;;) {
		struct pollfd fds[] = { { .fd = watch->process, .events = POLLIN },
					{ .fd = killed ? -1 : watch->signals, .events = POLLIN },
					{ .fd = killed ? -1 : REPORT_FD, .events = 0 },
					{ .fd = watch->control, .events = POLLIN },
					relay_poll(&watch->relays[0]),
					relay_poll(&watch->relays[1]),
					relay_poll(&watch->relays[2]) };
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
			continue; /* EINTR: nothing else can happen */
		bool deaf = false;
		for (int i = 0; i < N_RELAYS; i++) {
			struct relay *relay = &watch->relays[i];
			if (serve_relay(relay, &fds[4 + i]) == 0)
				continue;
			if (run->attached)
				serve_unread(run, watch, relay);
			else
				deaf = true;
		}
		if (!killed && (fds[1].revents != 0 || fds[2].revents != 0 || deaf)) {
			kill_child(watch);
			killed = true;
		}
		if (fds[3].revents != 0)
			serve_control(run, watch);
		if (fds[0].revents != 0)
			return;
	}
}

/*
 * Hands on what is still in the pipes. Every process of the step is gone, so all that it wrote is there. Whoever writes still got his
 * end from it over a socket: for him nobody waits, and nothing of his is handed on.
 */
static void drain_output(const struct run *run, struct watch *watch)
{
	struct relay *output = &watch->relays[RELAY_OUTPUT], *errors = &watch->relays[RELAY_ERRORS];

	relay_end(output);
	relay_end(errors);
	while (output->from >= 0 || errors->from >= 0) {
		struct pollfd fds[] = { relay_poll(output), relay_poll(errors), { .fd = REPORT_FD, .events = 0 } };
		bool stalled = output->stalled || errors->stalled;
		int ready = poll(fds, sizeof(fds) / sizeof(fds[0]), stalled ? -1 : 0);
		if (ready == 0 || fds[2].revents != 0)
			return;
		for (int i = RELAY_OUTPUT; i <= RELAY_ERRORS; i++) {
			if (serve_relay(&watch->relays[i], &fds[i - RELAY_OUTPUT]) == 0)
				continue;
			if (!run->attached)
				return;
			relay_close(&watch->relays[i]);
		}
	}
}

static void report_end(const siginfo_t *end, bool unread)
{
	int number = unread && end->si_status == SIGKILL ? SIGPIPE : end->si_status;

	if (end->si_code == CLD_EXITED)
		report_event("exited", REPORT_INT, "code", (long long)end->si_status, REPORT_END);
	else
		report_event("signaled", REPORT_INT, "number", (long long)number, REPORT_TEXT, "signal", sigabbrev_np(number),
			     REPORT_END);
}

/* Lets the child go on. -1: reported, and the child must go. */
static int launch(struct run *run, struct watch *watch)
{
	if (guard_start(&watch->guard, watch->process) < 0 || seal_prepare(run, watch->child) < 0 ||
	    cgroup_join(run->spec, watch->child) < 0)
		return -1;
	if (write(run->gate[1], "go", 2) != 2)
		return report_error("start the command", NULL, errno, NULL);
	return 0;
}

/* After this nothing changes the layer any more. */
static int clean_up(struct run *run)
{
	if (seal_uncover(run) < 0)
		return -1;
	stubs_remove(run->stubs);
	return seal_root(run) < 0 ? -1 : mounts_finish(run);
}

/* Comes before the final event: who hears of the end may mount the layer at once. */
static int leave(struct run *run)
{
	return root_leave(&run->root, run->root_fd);
}

/*
 * What nobody waits for, when the final event is written. Our ends of the pipes go first: without them our caller is done with
 * us. Nothing can be reported any more; a scratch directory that stays goes with its layer.
 */
static void tidy_up(struct run *run, struct watch *watch)
{
	cleanup_fd int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int ours[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, REPORT_FD, LAYER_FD };

	for (size_t i = 0; null_device >= 0 && i < sizeof(ours) / sizeof(ours[0]); i++)
		dup3(null_device, ours[i], O_CLOEXEC);
	guard_wait(&watch->guard);
	root_tidy(&run->root);
}

/*
 * The layer that the command has made, when it ended well and the layer is small: most are, and then nobody has to start
 * another process, and mount the layers again, to get it. Of a large one that is said at once: our caller may read it while
 * the kernel takes the root apart, which takes long when there are many files.
 */
static int write_layer(const struct run *run)
{
	struct diff_source source = { .upper = -1, .lower = -1, .leave_open = true };
	long long clamp, limit;

	if (spec_int(run->spec, "clamp-time", INT64_MIN, INT64_MAX, INT64_MAX, &clamp) < 0 ||
	    spec_int(run->spec, "layer-limit", 0, INT64_MAX, 0, &limit) < 0)
		return -1;
	if (limit == 0 || run->attached || root_is_directory(&run->root))
		return 0;
	source.clamp = clamp;
	source.limit = (uint64_t)limit;
	int outcome = diff_write_layer(&source, &run->root, LAYER_FD);
	if (outcome < 0 && !source.too_large)
		return -1;
	report_event(outcome < 0 ? "large" : "layer", REPORT_END);
	return 0;
}

static int run_and_watch(struct run *run, struct watch *watch)
{
	siginfo_t end = { 0 };

	if (start_child(run, watch) < 0) {
		terminal_restore();
		return -1;
	}
	int launched = launch(run, watch);
	if (launched < 0)
		kill_child(watch);
	watch_child(run, watch);
	while (waitid(P_PID, (id_t)watch->child, &end, WEXITED) < 0 && errno == EINTR)
		continue;
	guard_dismiss(&watch->guard);
	/* Our copies of the command's ends: without them, what is read has an end. */
	for (int i = 0; i < 3; i++)
		if (run->stdio[i] >= 0)
			close(run->stdio[i]);
	drain_output(run, watch);
	terminal_restore();
	if (clean_up(run) < 0)
		return -1;
	bool well = !report_is_final() && end.si_code == CLD_EXITED && end.si_status == 0;
	if (well && write_layer(run) < 0)
		return -1;
	if (leave(run) < 0)
		return -1;
	if (!report_is_final())
		report_end(&end, watch->unread);
	return 0;
}

int verb_run(const struct spec *spec)
{
	struct run run = { .spec = spec, .root_fd = -1, .memory = -1, .mounts = -1, .init = -1, .terminal = { -1, -1, -1, "" } };
	struct watch watch = { .process = -1, .signals = -1, .control = -1 };

	report_share();
	if (prepare(&run) < 0)
		return -1;
	watch.signals = watch_signals();
	if (watch.signals < 0 || relay_open(&run, watch.relays) < 0) {
		clean_up(&run);
		leave(&run);
		tidy_up(&run, &watch);
		return -1;
	}
	if (run.attached)
		watch.control = CONTROL_FD;
	if (run.terminal.master >= 0 && watch.relays[RELAY_INPUT].from >= 0)
		terminal_make_raw();
	int outcome = run_and_watch(&run, &watch);
	if (report_is_final())
		tidy_up(&run, &watch);
	return outcome;
}
