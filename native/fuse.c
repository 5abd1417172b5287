// SPDX-License-Identifier: Apache-2.0
// See fuse.h. The program runs inside our namespaces, gets the directories as descriptors, and its mount is at once detached
// from where it had to be made.
#include "fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "cleanup.h"
#include "entry.h"
#include "mount.h"
#include "names.h"
#include "owner.h"
#include "report.h"
#include "root.h"
#include "tree.h"
#include "xattr.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#define MAX_MOUNTS 64
#define PATIENCE_TRIES 500 // of 10 ms until the mount is there
#define FLUSH_TRIES 6000   // of 10 ms until everything is written

static struct mounted {
	const char *upper;
	pid_t program;
} mounts[MAX_MOUNTS];
static size_t n_mounts;

static void pause_briefly(void)
{
	const struct timespec time = {.tv_nsec = 10000000};
	nanosleep(&time, NULL);
}

static int add_text(struct bytes *bytes, const char *text)
{
	return bytes_add(bytes, text, strlen(text));
}

static int add_directory(struct bytes *options, const char *before, int fd)
{
	char text[64];
	snprintf(text, sizeof text, "%s/proc/self/fd/%d", before, fd);
	return add_text(options, text);
}

// `lowerdir=A:B,...`; a descriptor's path has nothing in it to escape.
static int write_options(struct bytes *options, const struct fuse_stack *stack)
{
	for (size_t i = 0; i < stack->n_lowers; i++)
		if (add_directory(options, i == 0 ? "lowerdir=" : ":", stack->lowers[i]) < 0)
			return -1;
	if (stack->upper >= 0 && (add_directory(options, ",upperdir=", stack->upper) < 0 ||
				  add_directory(options, ",workdir=", stack->scratch) < 0 ||
				  add_text(options, ",volatile") < 0))
		return -1;
	return bytes_add(options, "", 1);
}

static void hand_over(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static _Noreturn void become_program(const struct root *root, const struct fuse_stack *stack, const char *options,
				     const char *place, int complaints)
{
	char *const environment[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
	const char *const argv[] = {root->program, "-f", "-o", options, place, NULL};
	int null_device = open("/dev/null", O_RDWR | O_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	for (size_t i = 0; i < stack->n_lowers; i++)
		hand_over(stack->lowers[i]);
	hand_over(stack->upper);
	hand_over(stack->scratch);
	dup2(null_device, STDIN_FILENO);
	dup2(complaints, STDOUT_FILENO);
	dup2(complaints, STDERR_FILENO);
	execve(root->program, (char *const *)argv, environment);
	dprintf(STDERR_FILENO, "%s", strerrordesc_np(errno));
	_exit(EXIT_SYSTEM);
}

static int give_up(const char *program, int complaints)
{
	char said[1024];
	ssize_t n = read(complaints, said, sizeof said - 1);
	said[n > 0 ? n : 0] = '\0';
	return report_event("error", REPORT_TEXT, "step", "mount layers with fuse-overlayfs", REPORT_TEXT, "path", program,
			    REPORT_TEXT, "errno", "EIO", REPORT_TEXT, "message", n > 0 ? said : "it did not come up",
			    REPORT_TEXT, "hint", "/dev/fuse must be there and open to this user; --storage-driver copy does without",
			    REPORT_END),
	       -1;
}

static bool is_mounted(const char *place)
{
	struct statfs info;
	return statfs(place, &info) == 0 && info.f_type == FUSE_SUPER_MAGIC;
}

// Waits for the mount, and takes it away from its place.
static int take_mount(const char *place, pid_t program)
{
	for (int i = 0; !is_mounted(place); i++) {
		if (i == PATIENCE_TRIES || waitpid(program, NULL, WNOHANG) != 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		pause_briefly();
	}
	cleanup_fd int attached = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int detached = attached < 0 ? -1 : mount_clone(attached, false);
	if (detached < 0 || umount2(place, MNT_DETACH) < 0)
		return -1;
	return steal_fd(&detached);
}

int fuse_mount(const struct root *root, const struct fuse_stack *stack)
{
	int complaints[2];
	struct bytes options = {0};
	cleanup_free char *place = NULL;
	cleanup_fd int store = open(root->store, O_PATH | O_DIRECTORY | O_CLOEXEC);
	// Any directory of ours that the program does not read: it is covered for a moment, in our own mount namespace.
	cleanup_fd int covered = store < 0 ? -1 : store_dir_open(store, "cache-mounts");
	if (covered < 0 || asprintf(&place, "%s/cache-mounts", root->store) < 0 || write_options(&options, stack) < 0 ||
	    pipe2(complaints, O_CLOEXEC | O_NONBLOCK) < 0)
		return report_error("mount layers with fuse-overlayfs", root->store, errno, NULL);
	if (n_mounts == MAX_MOUNTS)
		return report_error("mount layers with fuse-overlayfs", NULL, EMFILE, NULL);
	pid_t program = fork();
	if (program == 0)
		become_program(root, stack, (const char *)options.data, place, complaints[1]);
	int fd = program < 0 ? -1 : take_mount(place, program);
	if (fd < 0) {
		give_up(root->program, complaints[0]);
		if (program > 0)
			kill(program, SIGKILL);
	} else {
		mounts[n_mounts++] = (struct mounted){stack->upper < 0 ? NULL : root->upper, program};
	}
	close(complaints[0]);
	close(complaints[1]);
	bytes_free(&options);
	return fd;
}

static int remove_mark(int directory, const char *name)
{
	return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -1 : 0;
}

// The program takes user.overlay.opaque for its mark as root, too, where anybody may set it and layers have another: a step could hide
// files from the steps after it that are in the image all the same.
static int drop_foreign_mark(int directory)
{
	if (in_user_namespace() || fremovexattr(directory, "user.overlay.opaque") == 0)
		return 0;
	return errno == ENODATA || errno == ENOTSUP ? 0 : -1;
}

// The program marks an opaque directory by a file, too, and deletions as we do; what else begins with `.wh.` are its leftovers.
static int translate_marks(int directory, int depth)
{
	cleanup_names struct names names = {0};
	if (depth > TREE_MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (drop_foreign_mark(directory) < 0 || names_read(directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.list[i];
		struct stat status;
		if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		if (strcmp(name, ".wh..wh..opq") == 0) {
			if (opaque_set(directory) < 0 || remove_mark(directory, name) < 0)
				return -1;
		} else if (strncmp(name, ".wh.", 4) == 0 && entry_is_whiteout(&status)) {
			if (remove_mark(directory, name) < 0)
				return -1;
		} else if (S_ISDIR(status.st_mode)) {
			const struct timespec times[2] = {status.st_atim, status.st_mtim};
			cleanup_fd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (below < 0 || translate_marks(below, depth + 1) < 0 || futimens(below, times) < 0)
				return -1;
		}
	}
	return 0;
}

static int wait_for_program(pid_t program)
{
	for (int i = 0; i < FLUSH_TRIES; i++) {
		pid_t ended = waitpid(program, NULL, WNOHANG);
		if (ended == program || (ended < 0 && errno == ECHILD))
			return 0;
		pause_briefly();
	}
	kill(program, SIGKILL);
	errno = ETIMEDOUT;
	return -1;
}

int fuse_finish(int layers, const char *upper)
{
	size_t i = 0;
	while (i < n_mounts && (mounts[i].upper == NULL || strcmp(mounts[i].upper, upper) != 0))
		i++;
	if (i == n_mounts)
		return 0;
	pid_t program = mounts[i].program;
	mounts[i] = mounts[--n_mounts];
	if (wait_for_program(program) < 0)
		return report_error("wait for fuse-overlayfs", upper, errno, NULL);
	cleanup_fd int outer = openat(layers, upper, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int tree = outer < 0 ? -1 : openat(outer, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (tree < 0 || fstat(tree, &status) < 0 || translate_marks(tree, 0) < 0)
		return report_error("read what fuse-overlayfs wrote", upper, errno, NULL);
	const struct timespec times[2] = {status.st_atim, status.st_mtim};
	return futimens(tree, times) < 0 ? report_error("read what fuse-overlayfs wrote", upper, errno, NULL) : 0;
}
