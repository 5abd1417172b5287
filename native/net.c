// SPDX-License-Identifier: Apache-2.0
// The network of a step: its loopback interface, and the user-mode program (pasta or slirp4netns) that connects its
// namespace with the outside but not with the host's loopback.

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "compat.h"
#include "report.h"
#include "run.h"

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
 * namespace, because the programs give up the privilege that /proc/PID/ns asks for before they open it.
 */
static const char namespace_path[] = "/proc/version";

static int bind_namespace(pid_t child)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)child);
	if (mount(path, namespace_path, NULL, MS_BIND, NULL) < 0)
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
	const char *const slirp[] = { program, "--configure", "--mtu=65520", "--disable-host-loopback", "--netns-type=path",
				      namespace_path, "tap0", NULL };
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

/* True when the network namespace that fd shows (its /proc/PID/net) has a default route. */
static bool has_default_route(pid_t child, const char *file, const char *start)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)child, file);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, start) != NULL;
}

static bool is_connected(pid_t child)
{
	/* A line is "INTERFACE DESTINATION ...": a destination of zeros is the default route. lo has ::/0 as unreachable. */
	return has_default_route(child, "route", "\t00000000\t");
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

int net_connect(const struct run *run, pid_t child, pid_t *helper)
{
	const char *program = spec_need(run->spec, "network-program");
	int complaints[2];

	if (program == NULL || bind_namespace(child) < 0)
		return -1;
	if (pipe2(complaints, O_CLOEXEC | O_NONBLOCK) < 0)
		return report_error("start a network program", program, errno, NULL);
	cleanup_fd int listen_end = complaints[0], speak_end = complaints[1];
	*helper = fork();
	if (*helper < 0)
		return report_error("start a network program", program, errno, NULL);
	if (*helper == 0)
		become_program(program, speak_end);
	for (long long deadline = now_ms() + PATIENCE_MS; !is_connected(child);) {
		int status;
		if (waitpid(*helper, &status, WNOHANG) == *helper) {
			*helper = 0;
			return give_up(program, listen_end, "the program ended");
		}
		if (now_ms() > deadline) {
			net_disconnect(*helper);
			*helper = 0;
			return give_up(program, listen_end, "no network after two seconds");
		}
		usleep(500);
	}
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
