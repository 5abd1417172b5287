// SPDX-License-Identifier: Apache-2.0
// Runs inside two steps at once, which have a directory in common: one gives descriptors of its own to the other, who is there when
// the first has ended. `take SOCKET` waits for a descriptor and does with it what comes along, until it is ended itself:
//   chatter       writes to it, again and again; flood: as fast as it can. It ends when nobody reads that
//   hold          nothing
//   write NAME    it is a directory: writes to the file NAME in it, once the file SOCKET.go is there, and says how that went
// `give SOCKET PATH ORDER` opens PATH (for reading; after a plus sign, for writing; `-` is descriptor 1) and hands it on with the order.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOMENT_US 20000

static int failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int give(const char *socket_path, const char *path, const char *order)
{
	struct sockaddr_un address = address_of(socket_path);
	int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int given = strcmp(path, "-") == 0 ? STDOUT_FILENO :
		    path[0] == '+'	   ? open(path + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) :
					     open(path, O_RDONLY | O_CLOEXEC);
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec text = { (char *)order, strlen(order) + 1 };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	char taken;

	if (line < 0 || given < 0)
		return failed(path);
	memcpy(CMSG_DATA(&control.head), &given, sizeof(given));
	while (connect(line, (struct sockaddr *)&address, sizeof(address)) < 0)
		usleep(MOMENT_US);
	if (sendmsg(line, &message, 0) < 0)
		return failed("give");
	return read(line, &taken, 1) == 1 ? 0 : failed("be heard");
}

static int receive(int line, char *order, size_t size)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec text = { order, size };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	int given = -1;

	if (recvmsg(line, &message, MSG_CMSG_CLOEXEC) <= 0 || CMSG_FIRSTHDR(&message) == NULL)
		return -1;
	memcpy(&given, CMSG_DATA(&control.head), sizeof(given));
	return given;
}

static void write_later(int directory, const char *name, const char *socket_path)
{
	char go[200];

	snprintf(go, sizeof(go), "%s.go", socket_path);
	while (access(go, F_OK) < 0)
		usleep(MOMENT_US);
	int file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0 || write(file, "changed", 7) != 7)
		failed("write");
	else
		puts("written");
}

static void write_always(int given, useconds_t pause)
{
	while (write(given, "chatter\n", 8) >= 0 || errno == EAGAIN)
		if (pause > 0)
			usleep(pause);
}

static int take(const char *socket_path)
{
	struct sockaddr_un address = address_of(socket_path);
	char order[100];
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (door < 0 || bind(door, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(door, 1) < 0)
		return failed("listen");
	int line = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	int given = receive(line, order, sizeof(order));
	if (given < 0 || write(line, "", 1) != 1)
		return failed("take");
	if (strncmp(order, "write ", 6) == 0)
		write_later(given, order + 6, socket_path);
	else if (strcmp(order, "chatter") == 0)
		write_always(given, MOMENT_US);
	else if (strcmp(order, "flood") == 0)
		write_always(given, 0);
	else
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "take") == 0)
		return take(argv[2]);
	if (argc == 5 && strcmp(argv[1], "give") == 0)
		return give(argv[2], argv[3], argv[4]);
	return 2;
}
