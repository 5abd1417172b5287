// SPDX-License-Identifier: Apache-2.0
// A bounded reader of an image's /etc/passwd and /etc/group. These files are a stranger's: only regular files, at most
// 10 MiB, opened inside the root, without the C library's name services.

#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "path.h"
#include "report.h"
#include "spec.h"

#define MAX_FILE (10 << 20)
/* The last 32-bit number means "none" to the kernel. */
#define MAX_ID 4294967294LL
#define MAX_GROUPS 65536

/* The whole file as a string; a missing one is empty. NULL: reported. */
static char *read_database(int root, const char *path)
{
	/* O_NONBLOCK: opening a fifo must not hang. */
	cleanup_fd int fd = path_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat status;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return strdup("");
	if (fd < 0 || fstat(fd, &status) < 0) {
		report_error("read the image's users", path, errno, NULL);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		report_refusal("user-database", path, "the image's user database is no regular file");
		return NULL;
	}
	if (status.st_size > MAX_FILE) {
		report_refusal("user-database", path, "the image's user database is larger than 10 MiB");
		return NULL;
	}
	size_t size = (size_t)status.st_size, used = 0;
	char *text = malloc(size + 1);
	while (text != NULL && used < size) {
		ssize_t n = read(fd, text + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			report_error("read the image's users", path, errno, NULL);
			return NULL;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	if (text == NULL)
		report_error("read the image's users", path, ENOMEM, NULL);
	else
		text[used] = '\0';
	return text;
}

/* The next line, split at colons into at most `count` fields (missing ones are ""). Overwrites the text. */
static bool next_record(char **text, char **fields, size_t count)
{
	char *line = strsep(text, "\n");

	if (line == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		fields[i] = line == NULL ? (char *)"" : strsep(&line, ":");
	return true;
}

static bool parse_id(const char *text, long long *id)
{
	return text[0] != '-' && parse_int(text, id) && *id <= MAX_ID;
}

/* Finds the user by name, else by number, in passwd's text. */
static bool find_user(char *text, const char *wanted, struct user *out)
{
	char *field[7];
	long long number = -1, uid, gid;
	bool numeric = parse_id(wanted, &number), by_number = false;

	while (next_record(&text, field, 7)) {
		if (!parse_id(field[2], &uid) || !parse_id(field[3], &gid))
			continue;
		bool named = strcmp(field[0], wanted) == 0;
		if (!named && (by_number || !numeric || uid != number))
			continue;
		out->uid = (uid_t)uid;
		out->gid = (gid_t)gid;
		out->name = field[0];
		out->home = field[5];
		if (named)
			return true;
		by_number = true;
	}
	return by_number;
}

static bool find_group(char *text, const char *wanted, gid_t *out)
{
	char *field[4];
	long long number = -1, gid;
	bool numeric = parse_id(wanted, &number), by_number = false;

	while (next_record(&text, field, 4)) {
		if (!parse_id(field[2], &gid))
			continue;
		if (strcmp(field[0], wanted) == 0) {
			*out = (gid_t)gid;
			return true;
		}
		if (numeric && gid == number)
			by_number = true;
	}
	if (numeric)
		*out = (gid_t)number;
	return by_number || numeric;
}

static bool is_member(char *members, const char *name)
{
	for (char *member = strsep(&members, ","); member != NULL; member = strsep(&members, ","))
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static bool has_group(const struct user *user, gid_t gid)
{
	for (size_t i = 0; i < user->n_groups; i++)
		if (user->groups[i] == gid)
			return true;
	return false;
}

/* 0, or -1 with errno. */
static int add_group(struct user *user, gid_t gid)
{
	size_t count = user->n_groups;

	if (has_group(user, gid))
		return 0;
	if (count == MAX_GROUPS) {
		errno = E2BIG;
		return -1;
	}
	/* There is room for a power of two. */
	if ((count & (count - 1)) == 0) {
		gid_t *grown = reallocarray(user->groups, count == 0 ? 1 : 2 * count, sizeof(*grown));
		if (grown == NULL)
			return -1;
		user->groups = grown;
	}
	user->groups[user->n_groups++] = gid;
	return 0;
}

/* Adds the groups that list the user by name. 0, or -1 with errno. */
static int add_memberships(char *text, struct user *user)
{
	char *field[4];
	long long gid;

	while (next_record(&text, field, 4))
		if (parse_id(field[2], &gid) && is_member(field[3], user->name) && add_group(user, (gid_t)gid) < 0)
			return -1;
	return 0;
}

static const char no_group[] = "the image's /etc/group has no such group";

int user_lookup(int rootfd, const char *spec, struct user *out)
{
	static const char no_user[] = "the image's /etc/passwd has no such user";
	char *copy = strdup(spec == NULL ? "" : spec), *group = copy;
	const char *user = copy == NULL ? NULL : strsep(&group, ":");
	long long number = 0;

	memset(out, 0, sizeof(*out));
	cleanup_free char *owned = copy;
	cleanup_free char *passwd = read_database(rootfd, "/etc/passwd");
	if (user == NULL || passwd == NULL)
		return user == NULL ? report_error("look up a user", spec, ENOMEM, NULL) : -1;
	bool known = find_user(passwd, *user == '\0' ? "0" : user, out);
	/* An image without a user database has a root all the same. */
	bool is_root = strcmp(user, "root") == 0;
	if (!known && *user != '\0' && !is_root && !parse_id(user, &number))
		return report_refusal("unknown-user", user, no_user);
	if (!known)
		out->uid = (uid_t)number;
	out->name = strdup(known ? out->name : "");
	out->home = strdup(known && out->home[0] != '\0' ? out->home : "/");

	cleanup_free char *groups = NULL;
	if ((group != NULL && *group != '\0') || known)
		if ((groups = read_database(rootfd, "/etc/group")) == NULL)
			return -1;
	bool group_given = group != NULL && *group != '\0';
	if (group_given && !find_group(groups, group, &out->gid)) {
		if (strcmp(group, "root") != 0)
			return report_refusal("unknown-group", group, no_group);
		out->gid = 0;
	}
	if (out->name == NULL || out->home == NULL || add_group(out, out->gid) < 0)
		return report_error("look up a user", spec, ENOMEM, NULL);
	if (known && !group_given && add_memberships(groups, out) < 0)
		return report_error("look up a user's groups", user, errno, NULL);
	return 0;
}

int user_add_groups(int rootfd, const struct spec *request, struct user *user)
{
	const char *wanted;
	gid_t gid;

	for (size_t cursor = 0; spec_next(request, "group", &cursor, &wanted);) {
		cleanup_free char *groups = read_database(rootfd, "/etc/group");
		if (groups == NULL)
			return -1;
		if (!find_group(groups, wanted, &gid))
			return report_refusal("unknown-group", wanted, no_group);
		if (add_group(user, gid) < 0)
			return report_error("add a group", wanted, errno, NULL);
	}
	return 0;
}
