// SPDX-License-Identifier: Apache-2.0
// Terminals. The command's is made here, before there is a process of the image: nothing that the image has in /dev takes part.
// Ours is made raw and put back by this process, because it outlives a caller that is killed.

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "mount.h"
#include "ns.h"
#include "report.h"

int pts_new(void)
{
	static const char *const with_group[] = { "newinstance", "ptmxmode=0666", "mode=0620", "gid=5", NULL };
	static const char *const without_group[] = { "newinstance", "ptmxmode=0666", "mode=0620", NULL };
	int mount = fs_new("devpts", with_group, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	/* A user namespace of one id has no group 5. */
	if (mount < 0 && errno == EINVAL)
		mount = fs_new("devpts", without_group, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return mount;
}

static int open_pair(struct terminal *terminal)
{
	unsigned number;
	int unlocked = 0;
	cleanup_fd int master = openat(terminal->mount, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return -1;
	snprintf(terminal->name, sizeof(terminal->name), "%u", number);
	terminal->slave = openat(terminal->mount, terminal->name, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (terminal->slave < 0)
		return -1;
	terminal->master = steal_fd(&master);
	return 0;
}

int terminal_open(struct terminal *terminal, const struct user *user)
{
	terminal->mount = pts_new();
	if (terminal->mount < 0 || open_pair(terminal) < 0)
		return report_error("make a terminal", NULL, errno, NULL);
	if (fchown(terminal->slave, user->uid, (gid_t)-1) < 0)
		return report_error("become a user", user->name, errno, ns_hint_unmapped(errno));
	terminal_resize(terminal);
	return 0;
}

void terminal_resize(const struct terminal *terminal)
{
	struct winsize size;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
			ioctl(terminal->master, TIOCSWINSZ, &size);
			return;
		}
}

static struct {
	bool changed;
	struct termios before, raw;
} own;

void terminal_make_raw(void)
{
	if (tcgetattr(STDIN_FILENO, &own.before) < 0)
		return; /* no terminal: then nothing is in the way */
	struct termios raw = own.before;
	cfmakeraw(&raw);
	/* What was asked for and what the terminal can do may differ: the latter is compared with later. */
	own.changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0 && tcgetattr(STDIN_FILENO, &own.raw) == 0;
}

void terminal_restore(void)
{
	struct termios now;

	if (!own.changed || tcgetattr(STDIN_FILENO, &now) < 0)
		return;
	own.changed = false;
	/* When our caller was killed, its shell may be at work on the terminal again. */
	if (now.c_iflag == own.raw.c_iflag && now.c_oflag == own.raw.c_oflag && now.c_cflag == own.raw.c_cflag &&
	    now.c_lflag == own.raw.c_lflag)
		tcsetattr(STDIN_FILENO, TCSANOW, &own.before);
}
