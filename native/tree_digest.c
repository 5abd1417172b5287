// SPDX-License-Identifier: Apache-2.0
// The verb `digest`: a session that answers questions about one tree (stat, list, hash, read) until stdin ends. It reads and
// never writes. A question that fails is answered with an error; the session goes on.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "content.h"
#include "entry.h"
#include "io.h"
#include "names.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "sha256.h"
#include "tree.h"
#include "verbs.h"
#include "wire.h"

// A frame of list entries is sent when it is this long.
#define BATCH (128u << 10)
#define MAX_READ (32u << 20)
#define MAX_PART (4u << 20)
#define HASH_THREADS 8

// What tells a list from a later one. There are no extended attributes in it, whose every change changes the time of the inode:
// reading them takes as long as all the rest.
struct print {
	struct sha256 hash;
	struct bytes records; // not yet hashed
	struct timespec latest; // change of any entry
};

struct session {
	int root;
	struct wire wire;
	struct bytes batch;
	struct print print;
	bool silent; // a list is printed, and not sent
	char *part_path; // the file that is read in parts, or NULL
	int part;
};

struct listing {
	struct session *session;
	uint32_t depth;
	const char **prune; // sorted
	size_t n_prune;
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

static void start_print(struct print *print)
{
	sha256_init(&print->hash);
	print->records.length = 0;
	print->latest = (struct timespec){0};
}

static void hash_records(struct print *print)
{
	sha256_add(&print->hash, print->records.data, print->records.length);
	print->records.length = 0;
}

static void note_change(struct print *print, struct timespec at)
{
	if (at.tv_sec > print->latest.tv_sec ||
	    (at.tv_sec == print->latest.tv_sec && at.tv_nsec > print->latest.tv_nsec))
		print->latest = at;
}

static int add_to_print(struct print *print, const struct stat *status, const char *path, const char *link)
{
	struct entry entry;
	entry_from_stat(&entry, status);
	entry.path = path;
	entry.link = link;
	note_change(print, status->st_mtim);
	note_change(print, status->st_ctim);
	if (entry_encode(&print->records, &entry) < 0)
		return -1;
	if (print->records.length >= BATCH)
		hash_records(print);
	return 0;
}

// Adds an entry to the answer: the one at `fd`, or the one called `name` there.
static int add_entry(struct session *session, int fd, const char *name, struct stat *status, const char *path,
		     const char *link)
{
	if (add_to_print(&session->print, status, path, link) < 0)
		return -1;
	if (session->silent)
		return 0;
	cleanup_entry struct entry entry = {0};
	if (entry_fill(&entry, fd, name, status) < 0)
		return -1;
	entry.path = path;
	entry.link = link;
	return entry_encode(&session->batch, &entry);
}

// Describes what is open at `fd` (O_PATH will do). 1: there, 0: a whiteout, -1 with errno.
static int add_opened(struct session *session, int fd, const char *path)
{
	struct stat status;
	char target[PATH_MAX] = "";
	if (fstat(fd, &status) < 0)
		return -1;
	if (entry_is_whiteout(&status))
		return 0;
	if (S_ISLNK(status.st_mode) && readlinkat(fd, "", target, sizeof target - 1) < 0)
		return -1;
	return add_entry(session, fd, NULL, &status, path, target) < 0 ? -1 : 1;
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
	start_print(&session->print);
	int there = add_opened(session, fd, "");
	if (there < 0)
		return answer_error(session, "look up", path, errno);
	return wire_send(&session->wire, there ? 'e' : 'n', session->batch.data, there ? session->batch.length : 0);
}

static int flush_batch(struct session *session)
{
	int sent = wire_send(&session->wire, 'l', session->batch.data, session->batch.length);
	session->batch.length = 0;
	return sent;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool pruned(const struct listing *listing, const char *path)
{
	return listing->n_prune > 0 &&
	       bsearch(&path, listing->prune, listing->n_prune, sizeof *listing->prune, by_bytes) != NULL;
}

static int list_below(struct listing *listing, int directory, char *path, size_t length, uint32_t depth);

// Adds one name of a directory to the answer. 1: a directory that may be entered, 0: nothing to enter, -1 with errno.
// Apart from list_one, so that its buffer is not on the stack once for each level.
static int add_named(struct session *session, int directory, const char *name, const char *path)
{
	struct stat status;
	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1; // gone since its directory was read
	if (entry_is_whiteout(&status))
		return 0;
	char target[PATH_MAX];
	ssize_t length = 0;
	if (S_ISLNK(status.st_mode)) {
		length = readlinkat(directory, name, target, sizeof target - 1);
		if (length < 0)
			return errno == ENOENT ? 0 : -1;
	}
	target[length] = '\0';
	if (add_entry(session, directory, name, &status, path, target) < 0)
		return errno == ENOENT ? 0 : -1;
	if (session->batch.length >= BATCH && flush_batch(session) < 0)
		return -1;
	return S_ISDIR(status.st_mode);
}

// One name of a directory and what is below it. `path` has room for PATH_MAX bytes and is extended in place.
static int list_one(struct listing *listing, int directory, const char *name, char *path, size_t length, uint32_t depth)
{
	int enter = add_named(listing->session, directory, name, path);
	if (enter <= 0 || depth >= listing->depth || pruned(listing, path))
		return enter < 0 ? -1 : 0;
	cleanup_fd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return errno == ENOENT ? 0 : -1;
	return list_below(listing, below, path, length, depth);
}

static int list_below(struct listing *listing, int directory, char *path, size_t length, uint32_t depth)
{
	if (depth >= TREE_MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	cleanup_names struct names names;
	if (names_read(directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		size_t name_length = strlen(names.list[i]), at = length > 0 ? length + 1 : 0;
		if (at + name_length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (length > 0)
			path[length] = '/';
		memcpy(path + at, names.list[i], name_length + 1);
		if (list_one(listing, directory, names.list[i], path, at + name_length, depth + 1) < 0)
			return -1; // `path` says where
		path[length] = '\0';
	}
	return 0;
}

// The end of a list: its fingerprint, and when something in it was changed last.
static int end_list(struct session *session)
{
	unsigned char digest[SHA256_SIZE];
	if (session->batch.length > 0 && flush_batch(session) < 0)
		return -1;
	hash_records(&session->print);
	sha256_end(&session->print.hash, digest);
	session->batch.length = 0;
	if (bytes_add(&session->batch, digest, sizeof digest) < 0 ||
	    bytes_add_u64(&session->batch, (uint64_t)session->print.latest.tv_sec) < 0 ||
	    bytes_add_u32(&session->batch, (uint32_t)session->print.latest.tv_nsec) < 0)
		return -1;
	return wire_send(&session->wire, 'd', session->batch.data, session->batch.length);
}

static int do_list(struct session *session, struct cursor *question)
{
	struct listing listing = {.session = session};
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
	qsort(prune, listing.n_prune, sizeof *prune, by_bytes);
	listing.prune = prune;

	cleanup_fd int fd = path_open(session->root, start, O_PATH, 0);
	if (fd < 0 && is_absence(errno))
		return answer_absent(session);
	if (fd < 0)
		return answer_error(session, "list", start, errno);
	session->batch.length = 0;
	start_print(&session->print);
	int there = add_opened(session, fd, "");
	if (there < 0)
		return answer_error(session, "list", start, errno);
	if (there == 0)
		return answer_absent(session);
	struct stat status;
	char path[PATH_MAX] = "";
	if (fstat(fd, &status) < 0)
		return answer_error(session, "list", start, errno);
	if (S_ISDIR(status.st_mode) && listing.depth > 0 && !pruned(&listing, "")) {
		cleanup_fd int directory = path_open(fd, "", O_RDONLY | O_DIRECTORY, 0);
		if (directory < 0 || list_below(&listing, directory, path, 0, 0) < 0) {
			int err = errno;
			cleanup_free char *where = path_join(start, path);
			return answer_error(session, "list", where == NULL ? start : where, err);
		}
	}
	return end_list(session);
}

// As a list, but its end is all that is answered.
static int do_fingerprint(struct session *session, struct cursor *question)
{
	session->silent = true;
	int failed = do_list(session, question);
	session->silent = false;
	return failed;
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
	cpu_set_t processors;
	uint32_t wanted = sched_getaffinity(0, sizeof processors, &processors) < 0 ? 1 : (uint32_t)CPU_COUNT(&processors);
	uint32_t started = 0;
	if (wanted > HASH_THREADS)
		wanted = HASH_THREADS;
	if (wanted > hashing->count)
		wanted = hashing->count;
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
		return do_list(session, question);
	case 'f':
		return do_fingerprint(session, question);
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
