// SPDX-License-Identifier: Apache-2.0
// See net.h. The program copies packets between the namespace and ordinary sockets of the host; it is told not to let anything
// through to the host's loopback.

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "report.h"

#define PATIENCE_MS 2000

int net_loopback(void)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request.ifr_name, "lo", sizeof("lo"));
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return report_error("bring up the loopback interface", NULL, errno, NULL);
	return 0;
}

/*
 * Any file that is sure to exist and that the programs do not read: the namespace is bound over it, in our own mount
 * namespace, because the programs give up the privilege that /proc/PID/ns asks for before they open it. It is one that
 * AppArmor's abstractions/base lets every program read: Debian and Ubuntu confine pasta by a profile.
 */
static const char namespace_path[] = "/proc/cpuinfo";

static int bind_namespace(void)
{
	if (mount("/proc/self/ns/net", namespace_path, NULL, MS_BIND, NULL) < 0)
		return report_error("open the step's network namespace", NULL, errno, NULL);
	return 0;
}

static bool is_pasta(const char *program)
{
	const char *name = strrchr(program, '/');

	return strcmp(name == NULL ? program : name + 1, "pasta") == 0;
}

static _Noreturn void become_program(const char *program, int complaints)
{
	char *const no_environment[] = { NULL };
	const char *const pasta[] = { program, "--foreground", "--quiet", "--config-net", "--no-map-gw", "--runas", "0:0",
				      "--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none",
				      "--netns-only", "--netns", namespace_path, NULL };
	/* It locks itself in only when asked to, as every version that knows --netns-type can (0.4). pasta always does. */
	const char *const slirp[] = { program, "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox",
				      "--enable-seccomp", "--netns-type=path", namespace_path, "tap0", NULL };
	sigset_t none;
	int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* pasta takes an inherited "ignore" for a failure of its own. */
	signal(SIGPIPE, SIG_DFL);
	dup2(null_device, STDIN_FILENO);
	dup2(complaints, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	execve(program, (char *const *)(is_pasta(program) ? pasta : slirp), no_environment);
	dprintf(STDERR_FILENO, "%s", strerrordesc_np(errno));
	_exit(EXIT_SYSTEM);
}

/* True when our network namespace has a default route. */
static bool is_connected(void)
{
	char text[4096];
	cleanup_fd int fd = open("/proc/self/net/route", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* A line is "INTERFACE DESTINATION ...". */
	return strstr(text, "\t00000000\t") != NULL;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int give_up(const char *program, int complaints, const char *why)
{
	char said[512], message[768];
	ssize_t n = read(complaints, said, sizeof(said) - 1);

	said[n > 0 ? n : 0] = '\0';
	snprintf(message, sizeof(message), "%s%s%s", why, n > 0 ? ": " : "", said);
	return report_refusal("network", program, message);
}

/* Started in the host's network, but held back until the namespace to connect is at its path. */
static pid_t start_program(const char *program, int gate, int complaints)
{
	char go;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (read(gate, &go, 1) != 1)
		_exit(EXIT_SYSTEM);
	become_program(program, complaints);
}

/* Waits for the route that the program makes. -1: reported, and the program is gone. */
static int await_route(const char *program, pid_t *helper, int complaints)
{
	for (long long deadline = now_ms() + PATIENCE_MS; !is_connected(); usleep(500)) {
		if (waitpid(*helper, NULL, WNOHANG) == *helper) {
			*helper = 0;
			return give_up(program, complaints, "the program ended");
		}
		if (now_ms() > deadline) {
			net_disconnect(*helper);
			*helper = 0;
			return give_up(program, complaints, "no network after two seconds");
		}
	}
	return 0;
}

static int enter_new_network(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return report_error("make a network namespace", NULL, errno, NULL);
	return net_loopback();
}

int net_connect(const char *program, pid_t *helper)
{
	int complaints[2], gate[2];

	if (pipe2(complaints, O_CLOEXEC | O_NONBLOCK) < 0 || pipe2(gate, O_CLOEXEC) < 0)
		return report_error("start a network program", program, errno, NULL);
	cleanup_fd int listen_end = complaints[0], speak_end = complaints[1], wait_end = gate[0], go_end = gate[1];
	*helper = start_program(program, wait_end, speak_end);
	if (*helper < 0)
		return report_error("start a network program", program, errno, NULL);
	if (enter_new_network() < 0 || bind_namespace() < 0)
		return -1;
	if (write(go_end, "", 1) != 1)
		return report_error("start a network program", program, errno, NULL);
	if (await_route(program, helper, listen_end) < 0)
		return -1;
	/* Ours for good: what the program says later must not be its end by a broken pipe. A full one takes no more, which is no error. */
	(void)steal_fd(&listen_end);
	return 0;
}

void net_disconnect(pid_t helper)
{
	if (helper <= 0)
		return;
	kill(helper, SIGKILL);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		continue;
}
