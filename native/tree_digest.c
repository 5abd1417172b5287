// SPDX-License-Identifier: Apache-2.0
// The verb `digest`: a session that answers questions about one tree (stat, list, hash, read) until stdin ends. It reads and
// never writes. A question that fails is answered with an error; the session goes on.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "entry.h"
#include "io.h"
#include "listing.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "sha256.h"
#include "tree.h"
#include "verbs.h"
#include "wire.h"

#define MAX_READ (32u << 20)
#define MAX_PART (4u << 20)
#define HASH_THREADS 8

struct session {
	int root;
	struct wire wire;
	struct bytes batch;
	char *part_path; // the file that is read in parts, or NULL
	int part;
};

// Answers a question that failed: step, path, errno name.
static int answer_error(struct session *session, const char *step, const char *path, int err)
{
	cleanup_bytes struct bytes text = {0};
	const char *name = strerrorname_np(err);
	if (name == NULL)
		name = "EIO";
	if (bytes_add(&text, step, strlen(step) + 1) < 0 || bytes_add(&text, path, strlen(path) + 1) < 0 ||
	    bytes_add(&text, name, strlen(name) + 1) < 0)
		return -1;
	return wire_send(&session->wire, 'x', text.data, text.length);
}

static int answer_absent(struct session *session)
{
	return wire_send(&session->wire, 'n', NULL, 0);
}

static void close_part(struct session *session)
{
	if (session->part_path == NULL)
		return;
	free(session->part_path);
	session->part_path = NULL;
	close(session->part);
}

static bool is_absence(int err)
{
	return err == ENOENT || err == ENOTDIR;
}

// Describes what is open at `fd` (O_PATH will do). 1: there, 0: a whiteout, -1 with errno.
static int describe(int fd, struct bytes *record)
{
	struct stat status;
	char target[PATH_MAX] = "";
	cleanup_entry struct entry entry = {0};
	if (fstat(fd, &status) < 0)
		return -1;
	if (entry_is_whiteout(&status))
		return 0;
	if (S_ISLNK(status.st_mode) && readlinkat(fd, "", target, sizeof target - 1) < 0)
		return -1;
	if (entry_fill(&entry, fd, NULL, &status) < 0)
		return -1;
	entry.path = "";
	entry.link = target;
	return entry_encode(record, &entry) < 0 ? -1 : 1;
}

static int do_stat(struct session *session, struct cursor *question)
{
	uint8_t follow = take_u8(question);
	const char *path = take_string(question);
	if (question->bad)
		return report_refusal("bad-request", NULL, "a malformed stat question");
	cleanup_fd int fd = path_open(session->root, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (fd < 0 && is_absence(errno))
		return answer_absent(session);
	if (fd < 0)
		return answer_error(session, "look up", path, errno);
	session->batch.length = 0;
	int there = describe(fd, &session->batch);
	if (there < 0)
		return answer_error(session, "look up", path, errno);
	return wire_send(&session->wire, there ? 'e' : 'n', session->batch.data, there ? session->batch.length : 0);
}

// A list; `silent`: only its fingerprint.
static int do_list(struct session *session, struct cursor *question, bool silent)
{
	cleanup_listing struct listing listing = {.silent = silent};
	listing.depth = take_u32(question);
	listing.n_prune = take_u32(question);
	const char *start = take_string(question);
	if (question->bad || listing.n_prune > question->left)
		return report_refusal("bad-request", NULL, "a malformed list question");
	cleanup_free const char **prune = calloc(listing.n_prune + 1, sizeof *prune);
	if (prune == NULL)
		return report_error("list", start, errno, NULL);
	for (size_t i = 0; i < listing.n_prune; i++)
		prune[i] = take_string(question);
	if (question->bad)
		return report_refusal("bad-request", NULL, "a malformed list question");
	listing.prune = prune;

	cleanup_fd int fd = path_open(session->root, start, O_PATH, 0);
	if (fd < 0 && is_absence(errno))
		return answer_absent(session);
	if (fd < 0)
		return answer_error(session, "list", start, errno);
	int there = listing_walk(&listing, fd);
	if (there < 0) {
		int err = errno;
		cleanup_free char *where = path_join(start, listing.failed == NULL ? "" : listing.failed);
		return answer_error(session, "list", where == NULL ? start : where, err);
	}
	return there ? listing_send(&listing, &session->wire) : answer_absent(session);
}

// Opens what a path means for reading when it is a regular file; otherwise errno is EISDIR or EINVAL. First O_PATH: opening
// a device may do something.
static int open_regular(int root, const char *path, struct stat *status)
{
	cleanup_fd int place = path_open(root, path, O_PATH, 0);
	if (place < 0 || fstat(place, status) < 0)
		return -1;
	if (!S_ISREG(status->st_mode)) {
		errno = entry_is_whiteout(status) ? ENOENT : S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	return path_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
}

// The same, from a parent that is open already. Only a symlink takes the way through the whole path.
static int open_regular_at(int root, int parent, const char *name, const char *path, struct stat *status)
{
	if (fstatat(parent, name, status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISREG(status->st_mode))
		return open_regular(root, path, status);
	return content_open(parent, name);
}

// The files of one question, which several threads take one after another.
struct hashing {
	int root;
	const char **paths;
	unsigned char *digests;
	uint32_t count;
	_Atomic uint32_t next;
	pthread_mutex_t failing;
	uint32_t failed; // the first that failed; `count`: none
	int err;
};

static int hash_one(struct parent_cache *cache, const char *path, unsigned char digest[SHA256_SIZE])
{
	static _Thread_local unsigned char buffer[256u << 10];
	const char *last;
	int parent = parent_open(cache, path, &last);
	if (parent < 0)
		return -1;
	struct stat status;
	cleanup_fd int fd = open_regular_at(cache->root, parent, last, path, &status);
	if (fd < 0)
		return -1;
	struct sha256 hash;
	sha256_init(&hash);
	for (;;) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		sha256_add(&hash, buffer, (size_t)got);
		if ((size_t)got < sizeof buffer && hash.length == (uint64_t)status.st_size)
			break;
	}
	sha256_end(&hash, digest);
	return 0;
}

static void *hash_some(void *context)
{
	struct hashing *hashing = context;
	struct parent_cache cache = {.root = hashing->root};
	uint32_t i;
	while ((i = hashing->next++) < hashing->count) {
		if (hash_one(&cache, hashing->paths[i], hashing->digests + (size_t)i * SHA256_SIZE) == 0)
			continue;
		int err = errno;
		pthread_mutex_lock(&hashing->failing);
		if (i < hashing->failed) {
			hashing->failed = i;
			hashing->err = err;
		}
		pthread_mutex_unlock(&hashing->failing);
		break;
	}
	parent_free(&cache);
	return NULL;
}

// As many threads as there are files and processors; fewer where no more can be had.
static void hash_all(struct hashing *hashing)
{
	pthread_t threads[HASH_THREADS - 1];
	size_t wanted = tree_threads(hashing->count < HASH_THREADS ? hashing->count : HASH_THREADS);
	size_t started = 0;
	while (started + 1 < wanted && pthread_create(&threads[started], NULL, hash_some, hashing) == 0)
		started++;
	hash_some(hashing);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}

static int do_hash(struct session *session, struct cursor *question)
{
	uint32_t count = take_u32(question);
	if (question->bad || count > question->left)
		return report_refusal("bad-request", NULL, "a malformed hash question");
	cleanup_free const char **paths = calloc((size_t)count + 1, sizeof *paths);
	session->batch.length = 0;
	if (paths == NULL || bytes_reserve(&session->batch, (size_t)count * SHA256_SIZE) < 0)
		return report_error("hash", NULL, errno, NULL);
	for (uint32_t i = 0; i < count; i++) {
		paths[i] = take_string(question);
		if (paths[i] == NULL)
			return report_refusal("bad-request", NULL, "a malformed hash question");
	}
	struct hashing hashing = {.root = session->root,
				  .paths = paths,
				  .digests = session->batch.data,
				  .count = count,
				  .failing = PTHREAD_MUTEX_INITIALIZER,
				  .failed = count};
	hash_all(&hashing);
	if (hashing.failed < count)
		return answer_error(session, "hash", paths[hashing.failed], hashing.err);
	session->batch.length = (size_t)count * SHA256_SIZE;
	return wire_send(&session->wire, 'h', session->batch.data, session->batch.length);
}

static int do_read(struct session *session, struct cursor *question)
{
	uint64_t max = take_u64(question);
	const char *path = take_string(question);
	if (question->bad)
		return report_refusal("bad-request", NULL, "a malformed read question");
	struct stat status;
	cleanup_fd int fd = open_regular(session->root, path, &status);
	if (fd < 0 && is_absence(errno))
		return answer_absent(session);
	if (fd < 0)
		return answer_error(session, "read", path, errno);
	if (max > MAX_READ)
		max = MAX_READ;
	if ((uint64_t)status.st_size > max)
		return answer_error(session, "read", path, EFBIG);
	session->batch.length = 0;
	if (bytes_reserve(&session->batch, (size_t)max + 1) < 0)
		return answer_error(session, "read", path, errno);
	ssize_t got = read_all(fd, session->batch.data, (size_t)max + 1);
	if (got < 0)
		return answer_error(session, "read", path, errno);
	session->batch.length = (size_t)got;
	if (session->batch.length > max)
		return answer_error(session, "read", path, EFBIG);
	return wire_send(&session->wire, 'r', session->batch.data, session->batch.length);
}

static int do_read_at(struct session *session, struct cursor *question)
{
	uint64_t offset = take_u64(question);
	uint32_t length = take_u32(question);
	const char *path = take_string(question);
	if (question->bad || length > MAX_PART || offset > INT64_MAX)
		return report_refusal("bad-request", NULL, "a malformed read question");
	// Parts of one file are asked for one after another: it stays open, under the name that it was asked by.
	if (session->part_path == NULL || strcmp(session->part_path, path) != 0) {
		struct stat status;
		close_part(session);
		cleanup_fd int fd = open_regular(session->root, path, &status);
		session->part_path = fd < 0 ? NULL : strdup(path);
		if (session->part_path == NULL)
			return answer_error(session, "read", path, errno);
		session->part = steal_fd(&fd);
	}
	session->batch.length = 0;
	if (bytes_reserve(&session->batch, length) < 0)
		return answer_error(session, "read", path, errno);
	ssize_t got = read_all_at(session->part, session->batch.data, length, (off_t)offset);
	if (got < 0)
		return answer_error(session, "read", path, errno);
	session->batch.length = (size_t)got;
	return wire_send(&session->wire, 'r', session->batch.data, session->batch.length);
}

static int answer(struct session *session, struct cursor *question)
{
	switch (take_u8(question)) {
	case 's':
		return do_stat(session, question);
	case 'l':
		return do_list(session, question, false);
	case 'f':
		return do_list(session, question, true);
	case 'h':
		return do_hash(session, question);
	case 'r':
		return do_read(session, question);
	case 'p':
		return do_read_at(session, question);
	default:
		return report_refusal("bad-request", NULL, "an unknown question");
	}
}

int verb_digest(const struct spec *spec)
{
	struct root root;
	if (spec_root(spec, "root", &root) < 0 || ns_enter(spec) < 0)
		return -1;
	tree_raise_file_limit();
	int fd = root_open(&root, false);
	if (fd < 0)
		return -1;
	struct session session = {.root = fd, .wire = {.in = STDIN_FILENO, .out = STDOUT_FILENO}};
	report_event("ready", REPORT_END);
	for (;;) {
		struct cursor question;
		int got = wire_frame(&session.wire, &question);
		if (got < 0)
			return report_error("read a question", NULL, errno, NULL);
		if (got == 0)
			break;
		if (answer(&session, &question) < 0)
			return report_is_final() ? -1 : report_error("answer a question", NULL, errno, NULL);
	}
	close_part(&session);
	return root_close(&root, fd);
}
