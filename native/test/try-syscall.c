// SPDX-License-Identifier: Apache-2.0
// Runs inside a step. With an argument: `ids` prints its real and effective user; `keys` which keyring its session has; `connect PATH`
// what a socket says; `orphan COMMAND...` becomes a command that no death of a parent ends; `hide` makes /d/f and marks both as
// overlayfs marks what is deleted, or marks what is in /d already. Else it tries system calls with arguments that do no harm, and
// prints how each was answered. For the tests.

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#define NEWER_THAN_THE_POLICY 900
#define X32_GETPID (0x40000000 + SYS_getpid)
#define ADDR_NO_RANDOMIZE_AND_MORE 0x0040001

static void told(const char *name, long result)
{
	printf("%s %s\n", name, result >= 0 ? "0" : strerrorname_np(errno));
	fflush(stdout);
}

/* A call that succeeds must not change this process: it happens in a child, whose errno comes back. */
static long apart(long (*call)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(call() >= 0 ? 0 : errno);
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	return errno == 0 ? 0 : -1;
}

static long try_unshare(void)
{
	return unshare(CLONE_NEWUTS);
}

static long try_clone_newuser(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_vhangup(void)
{
	return syscall(SYS_vhangup);
}

/* A node for the machine's memory, which root in a step may make: opening it must fail. */
static long open_made_device(void)
{
	if (mknod("/tmp/try-mem", S_IFCHR | 0600, makedev(1, 1)) < 0)
		return -1;
	return open("/tmp/try-mem", O_RDONLY | O_CLOEXEC);
}

/* A program of another ABI: 32-bit calls on a 64-bit machine. -1: errno; there may be none (the process faults). */
#if defined(__x86_64__)
static long call32(unsigned number, unsigned long first, unsigned long second)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"((unsigned long)number), "b"(first), "c"(second), "d"(0UL), "S"(0UL)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

static long try_unshare32(void)
{
	return call32(310, CLONE_NEWUTS, 0);
}

static long try_mount32(void)
{
	return call32(21, 0, 0);
}

static long try_keyctl32(void)
{
	return call32(288, 0, 0);
}

static long try_clone3_32(void)
{
	return call32(435, 0, 0);
}

static long try_socket_alg32(void)
{
	return call32(359, AF_ALG, SOCK_SEQPACKET);
}

/* All calls of sockets by one number, with arguments where a filter cannot look; no such family exists. */
static long try_socketcall32(void)
{
	unsigned *arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (arguments == MAP_FAILED)
		return -1;
	arguments[0] = 9999;
	return call32(102, 1, (unsigned long)arguments);
}

static void told32(const char *name, long (*call)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(call() >= 0 ? 0 : errno);
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	printf("%s %s\n", name, WIFSIGNALED(status) ? "none" : errno == 0 ? "0" : strerrorname_np(errno));
	fflush(stdout);
}

static void tell_32_bit_calls(void)
{
	told32("32_unshare", try_unshare32);
	told32("32_mount", try_mount32);
	told32("32_keyctl", try_keyctl32);
	told32("32_clone3", try_clone3_32);
	told32("32_socket_alg", try_socket_alg32);
	told32("32_socketcall", try_socketcall32);
}
#else
static void tell_32_bit_calls(void)
{
}
#endif

/* Root may change a device's node. Whose it is, nobody can tell from in here; a mode is set that it has anyway. */
static long set_device_mode(void)
{
	return chmod("/dev/full", 0666);
}

/* Prints what the socket at path has to say. */
static int listen_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[256];
	ssize_t n = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 1;
	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	return n < 0;
}

/* Older kernels refuse to set these through an overlay. */
static int hide(void)
{
	int fd;

	if (mkdir("/d", 0755) == 0) {
		fd = open("/d/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		setxattr("/d", "user.overlay.opaque", "x", 1, 0);
		setxattr("/d/f", "user.overlay.whiteout", "y", 1, 0);
		return close(fd);
	}
	/* Of the layers below. */
	setxattr("/d", "user.overlay.opaque", "y", 1, 0);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "ids") == 0) {
		printf("%d %d\n", (int)getuid(), (int)geteuid());
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "keys") == 0) {
		printf("%ld\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "connect") == 0)
		return listen_to(argv[2]);
	if (argc == 2 && strcmp(argv[1], "hide") == 0)
		return hide();
	if (argc > 2 && strcmp(argv[1], "orphan") == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		return execv(argv[2], argv + 2);
	}
	told("getpid", syscall(SYS_getpid));
	told("mount", syscall(SYS_mount, NULL, NULL, NULL, 0, NULL));
	told("umount2", syscall(SYS_umount2, NULL, 0));
	told("unshare", apart(try_unshare));
	told("setns", syscall(SYS_setns, -1, 0));
	told("clone_newuser", apart(try_clone_newuser));
	told("clone3", syscall(SYS_clone3, NULL, 0));
	told("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	told("add_key", syscall(SYS_add_key, NULL, NULL, NULL, 0, 0));
	told("bpf", syscall(SYS_bpf, 0, NULL, 0));
	told("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0));
	told("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
	told("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, NULL, 0));
	told("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0xffff0000));
	told("init_module", syscall(SYS_init_module, NULL, 0, NULL));
	told("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
	told("io_uring_setup", syscall(SYS_io_uring_setup, 0, NULL));
	told("personality_aslr", syscall(SYS_personality, ADDR_NO_RANDOMIZE_AND_MORE));
	told("personality_query", syscall(SYS_personality, 0xffffffff));
	told("socket_unix", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	told("socket_alg", socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	told("socket_vsock", socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
	told("pivot_root", syscall(SYS_pivot_root, "/none", "/none"));
	told("move_mount", syscall(SYS_move_mount, -1, "", -1, "", 0));
	told("open_tree", syscall(SYS_open_tree, -1, "", 0));
	told("fsopen", syscall(SYS_fsopen, "none", 0));
	told("fspick", syscall(SYS_fspick, -1, "", 0));
	told("fsconfig", syscall(SYS_fsconfig, -1, 0, NULL, NULL, 0));
	told("fsmount", syscall(SYS_fsmount, -1, 0, 0));
	told("mount_setattr", syscall(SYS_mount_setattr, -1, "", 0, NULL, 0));
	told("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
	told("swapon", syscall(SYS_swapon, "/none", 0));
	told("acct", syscall(SYS_acct, "/none"));
	told("quotactl_fd", syscall(SYS_quotactl_fd, -1, 0, 0, NULL));
	told("quotactl", syscall(SYS_quotactl, 0, "/none", 0, NULL));
	told("syslog", syscall(SYS_syslog, 10, NULL, 0));
	told("settimeofday", syscall(SYS_settimeofday, NULL, (void *)1));
	told("sethostname", syscall(SYS_sethostname, "", -1));
	told("iopl", syscall(SYS_iopl, 4));
	told("kcmp", syscall(SYS_kcmp, -1, -1, 0, 0, 0));
	told("pidfd_getfd", syscall(SYS_pidfd_getfd, -1, 0, 0));
	told("request_key", syscall(SYS_request_key, NULL, NULL, NULL, 0));
	told("move_pages", syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0));
	told("vhangup", apart(try_vhangup));
	told("write_sysrq", open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC));
	told("write_hostname", open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC));
	told("write_core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
	told("write_sys", open("/sys/kernel/uevent_helper", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	told("open_made_device", open_made_device());
	told("newer_than_the_policy", syscall(NEWER_THAN_THE_POLICY));
	told("x32", syscall(X32_GETPID));
	tell_32_bit_calls();
	told("set_device_mode", set_device_mode());
	return 0;
}
