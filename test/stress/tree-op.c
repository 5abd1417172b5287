// SPDX-License-Identifier: Apache-2.0
// Makes changes to a tree, and lists one. Compiled by layers.ts; runs inside steps and on unpacked images, so that both are
// looked at by the same eyes.
//
// tree-op apply DIR FILE: one change a line, its fields separated by spaces and written with %XX. Changes that are not
// possible are passed over: random ones often are not.
// tree-op list DIR: one entry a line, in byte order: path, type, mode, owner, time, size, content, attributes, links.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void decode(char *text)
{
	char *out = text;
	for (; *text != '\0'; text++) {
		if (*text == '%') {
			char hex[3] = {text[1], text[2], '\0'};
			*out++ = (char)strtol(hex, NULL, 16);
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static void print_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c > ' ' && c < 0x7f && c != '%')
			putchar(c);
		else
			printf("%%%02x", c);
	}
}

// Content is a function of its seed, so that two writes of the same seed are equal.
static int write_pattern(int fd, off_t offset, size_t size, unsigned seed)
{
	char buffer[4096];
	uint32_t state = seed * 2654435761u + 1;
	for (size_t done = 0; done < size;) {
		size_t n = size - done < sizeof buffer ? size - done : sizeof buffer;
		for (size_t i = 0; i < n; i++) {
			state = state * 1664525u + 1013904223u;
			buffer[i] = (char)(state >> 24);
		}
		if (pwrite(fd, buffer, n, offset + (off_t)done) != (ssize_t)n)
			return -1;
		done += n;
	}
	return 0;
}

static int with_file(const char *path, int flags, off_t offset, size_t size, unsigned seed)
{
	// A pipe would wait for its other end.
	struct stat status;
	if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return -1;
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0644);
	if (fd < 0)
		return -1;
	if (offset < 0)
		offset = lseek(fd, 0, SEEK_END);
	int result = write_pattern(fd, offset, size, seed);
	close(fd);
	return result;
}

static int sparse(const char *path, off_t size, off_t offset, unsigned seed)
{
	if (with_file(path, O_CREAT | O_TRUNC, offset, 100, seed) < 0)
		return -1;
	return truncate(path, size);
}

static int spawn(const char *const *argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 2);
		alarm(5); // cp waits for a partner where it finds a named pipe in the place of a file
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		fprintf(stderr, "tree-op: there is no %s\n", argv[0]);
		exit(2);
	}
	return status;
}

static int make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = bind(fd, (struct sockaddr *)&address, sizeof address);
	close(fd);
	return result;
}

static long long number(const char *text)
{
	return strtoll(text, NULL, 10);
}

static void apply_one(char **f)
{
	const char *path = f[1];
	switch (f[0][0]) {
	case 'f':
		with_file(path, O_CREAT | O_TRUNC, 0, (size_t)number(f[2]), (unsigned)number(f[3]));
		break;
	case 'a':
		with_file(path, 0, -1, (size_t)number(f[2]), (unsigned)number(f[3]));
		break;
	case 'o':
		with_file(path, 0, number(f[2]), 10, (unsigned)number(f[3]));
		break;
	case 's':
		sparse(path, number(f[2]), number(f[3]), 7);
		break;
	case 'd':
		mkdir(path, 0755);
		break;
	case 'l':
		symlink(f[2], path);
		break;
	case 'h':
		link(f[2], path);
		break;
	case 'H': // in place of what is there
		unlink(path);
		link(f[2], path);
		break;
	case 'p':
		mkfifo(path, 0644);
		break;
	case 'n':
		mknod(path, (f[2][0] == 'c' ? S_IFCHR : S_IFBLK) | 0600,
		      makedev((unsigned)number(f[3]), (unsigned)number(f[4])));
		break;
	case 'k':
		make_socket(path);
		break;
	case 'u':
		spawn((const char *const[]){"rm", "-rf", "--", path, NULL});
		break;
	case 'r': // as users do: by copying where rename cannot
		spawn((const char *const[]){"mv", "-f", "-T", "--", path, f[2], NULL});
		break;
	case 'c':
		spawn((const char *const[]){"cp", "-a", "-T", "--", path, f[2], NULL});
		break;
	case 'm': {
		struct stat status;
		if (lstat(path, &status) == 0 && !S_ISLNK(status.st_mode))
			chmod(path, (mode_t)strtol(f[2], NULL, 8));
		break;
	}
	case 'w':
		lchown(path, (uid_t)number(f[2]), (gid_t)number(f[3]));
		break;
	case 'x':
		lsetxattr(path, f[2], f[3], strlen(f[3]), 0);
		break;
	case 'C': // a file capability: cap_net_raw, permitted and effective
		lsetxattr(path, "security.capability", "\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0);
		break;
	case 'X':
		lremovexattr(path, f[2]);
		break;
	case 't': {
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					    {.tv_sec = number(f[2]), .tv_nsec = (long)number(f[3])}};
		utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
		break;
	}
	default:
		fprintf(stderr, "tree-op: no such change: %s\n", f[0]);
		exit(2);
	}
}

static int apply(const char *file)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	if (in == NULL)
		return perror(file), 2;
	while (getline(&line, &size, in) > 0) {
		char *fields[6] = {0}, *rest = line;
		line[strcspn(line, "\n")] = '\0';
		for (int i = 0; i < 5 && rest != NULL; i++)
			decode(fields[i] = strsep(&rest, " "));
		if (fields[0] != NULL && fields[0][0] != '\0' && fields[0][0] != '#')
			apply_one(fields);
	}
	free(line);
	fclose(in);
	return 0;
}

// Inodes with several names, and the first of them.
static struct {
	dev_t dev;
	ino_t ino;
	char *path;
} *seen;
static size_t seen_count;

static const char *first_name(const struct stat *status, const char *path)
{
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].dev == status->st_dev && seen[i].ino == status->st_ino)
			return seen[i].path;
	}
	seen = realloc(seen, (seen_count + 1) * sizeof *seen);
	seen[seen_count].dev = status->st_dev;
	seen[seen_count].ino = status->st_ino;
	seen[seen_count++].path = strdup(path);
	return path;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_xattrs(const char *path)
{
	char names[65536], value[65536], *list[1000];
	ssize_t length = llistxattr(path, names, sizeof names);
	size_t count = 0;
	for (char *name = names; name < names + (length > 0 ? length : 0); name += strlen(name) + 1) {
		// What images can hold; labels and ACLs of the machine are none of theirs, and PAX knows no `=` in names.
		if ((strncmp(name, "user.", 5) == 0 && strchr(name, '=') == NULL) || strcmp(name, "security.capability") == 0)
			list[count++] = name;
	}
	qsort(list, count, sizeof *list, by_text);
	for (size_t i = 0; i < count; i++) {
		ssize_t n = lgetxattr(path, list[i], value, sizeof value);
		putchar(' ');
		print_text(list[i], strlen(list[i]));
		putchar('=');
		print_text(value, n > 0 ? (size_t)n : 0);
	}
}

static void print_content(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char buffer[65536];
	uint64_t hash = 14695981039346656037u;
	if (fd < 0) {
		perror(path);
		exit(2);
	}
	for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ buffer[i]) * 1099511628211u;
	}
	close(fd);
	printf(" %016llx", (unsigned long long)hash);
}

static void list(const char *path);

static void list_children(const char *path)
{
	DIR *dir = opendir(path);
	char **names = NULL;
	size_t count = 0;
	if (dir == NULL) {
		perror(path);
		exit(2);
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		names = realloc(names, (count + 1) * sizeof *names);
		names[count++] = strdup(entry->d_name);
	}
	closedir(dir);
	if (count > 0)
		qsort(names, count, sizeof *names, by_text);
	for (size_t i = 0; i < count; i++) {
		char *child;
		if (asprintf(&child, "%s/%s", path, names[i]) < 0)
			exit(2);
		list(child);
		free(child);
		free(names[i]);
	}
	free(names);
}

static void list(const char *path)
{
	struct stat status;
	if (lstat(path, &status) < 0) {
		perror(path);
		exit(2);
	}
	if (S_ISSOCK(status.st_mode))
		return;
	print_text(path, strlen(path));
	printf(" %c %o %u:%u %lld", "?pc?d?b?-?l?s"[(status.st_mode & S_IFMT) >> 12],
	       S_ISLNK(status.st_mode) ? 0 : (unsigned)status.st_mode & 07777u, status.st_uid, status.st_gid,
	       (long long)status.st_mtim.tv_sec);
	if (S_ISREG(status.st_mode)) {
		printf(" %lld", (long long)status.st_size);
		print_content(path);
		if (status.st_nlink > 1) {
			// The number of links itself says little: overlayfs counts names that a layer below has lost.
			const char *first = first_name(&status, path);
			if (strcmp(first, path) != 0) {
				printf(" link:");
				print_text(first, strlen(first));
			}
		}
	} else if (S_ISLNK(status.st_mode)) {
		char target[4096];
		ssize_t length = readlink(path, target, sizeof target);
		putchar(' ');
		print_text(target, length > 0 ? (size_t)length : 0);
	} else if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
		printf(" %u:%u", major(status.st_rdev), minor(status.st_rdev));
	}
	// Capabilities of other kinds mean nothing, and those have no other attributes.
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
		print_xattrs(path);
	putchar('\n');
	if (S_ISDIR(status.st_mode))
		list_children(path);
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "apply") == 0) {
		umask(022);
		// The file is named from where this was started.
		char *file = realpath(argv[3], NULL);
		if (file == NULL || chdir(argv[2]) < 0)
			return perror(argv[2]), 2;
		return apply(file);
	}
	if (argc >= 3 && strcmp(argv[1], "list") == 0) {
		if (chdir(argv[2]) < 0)
			return perror(argv[2]), 2;
		list_children(".");
		return 0;
	}
	fprintf(stderr, "usage: tree-op apply DIR FILE | list DIR\n");
	return 2;
}
