// SPDX-License-Identifier: Apache-2.0
// A directory is walked by one thread; those below it by the same one, or by others that have nothing to do. What each found is
// kept by directory, so that the list has one order whoever walked what.
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "entry.h"
#include "names.h"
#include "path.h"
#include "sha256.h"
#include "tree.h"

// Records are hashed, put aside and sent when they are this long.
#define BATCH (128u << 10)
#define MAX_THREADS 8
// Entries that one thread walks sooner than another one starts.
#define FEW 1000
// Directories that wait for a thread hold a descriptor each.
#define MAX_WAITING 32

// A run of records of a directory, and the directory whose entries come after them.
struct part {
	struct part *next;
	struct folder *below; // NULL: none
	size_t length;
	unsigned char records[];
};

// What is known of a directory.
struct folder {
	struct part *parts;
	struct part **end;
	unsigned char print[SHA256_SIZE]; // of its own entries
	struct timespec latest; // change of one of them
};

// A directory that waits to be walked.
struct task {
	int fd;
	struct folder *folder;
	char *path; // below the start
	uint32_t depth;
};

struct walk {
	struct listing *listing;
	pthread_mutex_t lock; // of all that follows
	pthread_cond_t changed; // there is a task, or nothing is left
	struct task waiting[MAX_WAITING];
	size_t n_waiting;
	size_t n_walking; // threads that have a task
	bool started; // more threads, where possible
	size_t n_threads; // besides the first
	pthread_t threads[MAX_THREADS - 1];
	int err; // errno of a failure
};

// A thread.
struct walker {
	struct walk *walk;
	bool is_first;
	size_t seen;
	struct bytes records; // not yet put aside
	struct bytes printed; // not yet hashed
	char path[PATH_MAX]; // below the start, extended in place
};

// The fingerprint of a directory in the making.
struct print {
	struct sha256 hash;
	struct timespec latest;
};

static struct folder *new_folder(void)
{
	struct folder *folder = calloc(1, sizeof *folder);
	if (folder != NULL)
		folder->end = &folder->parts;
	return folder;
}

static void free_folder(struct folder *folder)
{
	struct part *part = folder->parts;
	while (part != NULL) {
		struct part *next = part->next;
		if (part->below != NULL)
			free_folder(part->below);
		free(part);
		part = next;
	}
	free(folder);
}

// Puts the records aside; the entries of `below` come after them.
static int end_part(struct walker *walker, struct folder *folder, struct folder *below)
{
	size_t length = walker->records.length;
	struct part *part = malloc(sizeof *part + length);
	if (part == NULL)
		return -1;
	*part = (struct part){.below = below, .length = length};
	if (length > 0)
		memcpy(part->records, walker->records.data, length);
	walker->records.length = 0;
	*folder->end = part;
	folder->end = &part->next;
	return 0;
}

static void note_change(struct timespec *latest, struct timespec at)
{
	if (at.tv_sec > latest->tv_sec || (at.tv_sec == latest->tv_sec && at.tv_nsec > latest->tv_nsec))
		*latest = at;
}

static void hash_printed(struct walker *walker, struct print *print)
{
	sha256_add(&print->hash, walker->printed.data, walker->printed.length);
	walker->printed.length = 0;
}

static void start_print(struct print *print)
{
	sha256_init(&print->hash);
	print->latest = (struct timespec){0};
}

static void end_print(struct walker *walker, struct print *print, struct folder *folder)
{
	hash_printed(walker, print);
	sha256_end(&print->hash, folder->print);
	folder->latest = print->latest;
}

static int add_to_print(struct walker *walker, struct print *print, const struct stat *status, const char *link)
{
	struct entry entry;
	entry_from_stat(&entry, status);
	entry.path = walker->path;
	entry.link = link;
	note_change(&print->latest, status->st_mtim);
	note_change(&print->latest, status->st_ctim);
	if (entry_encode(&walker->printed, &entry) < 0)
		return -1;
	if (walker->printed.length >= BATCH)
		hash_printed(walker, print);
	return 0;
}

static int add_record(struct walker *walker, int fd, const char *name, struct stat *status, const char *link)
{
	cleanup_entry struct entry entry = {0};
	if (entry_fill(&entry, fd, name, status) < 0)
		return -1;
	entry.path = walker->path;
	entry.link = link;
	return entry_encode(&walker->records, &entry);
}

// Takes down what is open at `fd` (`name` NULL), or what is called `name` there. 1: a directory, 0: something else, -1 with errno
// (ENOENT: a whiteout). Apart from walk_directory, so that its buffer is not on the stack once for each level.
static int add_entry(struct walker *walker, struct print *print, int fd, const char *name)
{
	struct stat status;
	char target[PATH_MAX];
	ssize_t length = 0;
	if ((name == NULL ? fstat(fd, &status) : fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW)) < 0)
		return -1;
	if (entry_is_whiteout(&status)) {
		errno = ENOENT;
		return -1;
	}
	if (S_ISLNK(status.st_mode)) {
		length = readlinkat(fd, name == NULL ? "" : name, target, sizeof target - 1);
		if (length < 0)
			return -1;
	}
	target[length] = '\0';
	if (add_to_print(walker, print, &status, target) < 0)
		return -1;
	if (!walker->walk->listing->silent && add_record(walker, fd, name, &status, target) < 0)
		return -1;
	walker->seen++;
	return S_ISDIR(status.st_mode);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool entered(const struct listing *listing, const char *path, uint32_t depth)
{
	return depth < listing->depth &&
	       (listing->n_prune == 0 ||
		bsearch(&path, listing->prune, listing->n_prune, sizeof *listing->prune, by_bytes) == NULL);
}

// Of several failures the one with the first path is told, whichever thread comes first.
static void note_failure(struct walk *walk, const char *path, int err)
{
	struct listing *listing = walk->listing;
	pthread_mutex_lock(&walk->lock);
	if (walk->err == 0 || (listing->failed != NULL && strcmp(path, listing->failed) < 0)) {
		free(listing->failed);
		listing->failed = strdup(path);
		walk->err = err;
	}
	pthread_mutex_unlock(&walk->lock);
}

static void *walk_tasks(void *context);

// More threads, as many as there are processors or can be had.
static void start_threads(struct walk *walk)
{
	size_t wanted = tree_threads(MAX_THREADS) - 1;
	pthread_mutex_lock(&walk->lock);
	walk->started = true;
	while (walk->n_threads < wanted &&
	       pthread_create(&walk->threads[walk->n_threads], NULL, walk_tasks, walk) == 0)
		walk->n_threads++;
	pthread_mutex_unlock(&walk->lock);
}

// Gives a directory, whose path is the walker's, to another thread. False: the walker does it itself.
static bool hand_over(struct walker *walker, int fd, struct folder *folder, uint32_t depth)
{
	struct walk *walk = walker->walk;
	if (walker->is_first && !walk->started && walker->seen >= FEW)
		start_threads(walk);
	bool given = false;
	pthread_mutex_lock(&walk->lock);
	char *path = walk->n_threads == 0 || walk->n_waiting == MAX_WAITING ? NULL : strdup(walker->path);
	if (path != NULL) {
		walk->waiting[walk->n_waiting++] =
			(struct task){.fd = fd, .folder = folder, .path = path, .depth = depth};
		pthread_cond_signal(&walk->changed);
		given = true;
	}
	pthread_mutex_unlock(&walk->lock);
	return given;
}

static void walk_directory(struct walker *walker, int fd, struct folder *folder, uint32_t depth);

// Walks the directory called `name` there, whose path is the walker's, now or later. Its place in the list is here.
static int enter(struct walker *walker, struct folder *folder, int directory, const char *name, uint32_t depth)
{
	struct folder *below = new_folder();
	if (below == NULL)
		return -1;
	if (end_part(walker, folder, below) < 0) {
		free(below);
		return -1;
	}
	cleanup_fd int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (hand_over(walker, fd, below, depth))
		steal_fd(&fd);
	else
		walk_directory(walker, fd, below, depth);
	return 0;
}

// One name of the directory at `fd`, with what is below it.
static int walk_name(struct walker *walker, struct print *print, int fd, const char *name, struct folder *folder, uint32_t depth)
{
	int is_directory = add_entry(walker, print, fd, name);
	if (is_directory < 0)
		return errno == ENOENT ? 0 : -1; // gone since its directory was read
	if (walker->records.length >= BATCH && end_part(walker, folder, NULL) < 0)
		return -1;
	if (!is_directory || !entered(walker->walk->listing, walker->path, depth))
		return 0;
	hash_printed(walker, print);
	return enter(walker, folder, fd, name, depth);
}

// The entries of a directory, in the order of their names. Where it fails, the walker's path says where.
static int walk_names(struct walker *walker, struct print *print, int fd, struct folder *folder, uint32_t depth)
{
	cleanup_names struct names names = {0};
	size_t length = strlen(walker->path), at = length > 0 ? length + 1 : 0;
	if (depth >= TREE_MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (names_read(fd, &names) < 0)
		return errno == ENOENT ? 0 : -1; // gone since it was opened
	for (size_t i = 0; i < names.count; i++) {
		size_t name_length = strlen(names.list[i]);
		if (at + name_length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (length > 0)
			walker->path[length] = '/';
		memcpy(walker->path + at, names.list[i], name_length + 1);
		if (walk_name(walker, print, fd, names.list[i], folder, depth + 1) < 0)
			return -1;
		walker->path[length] = '\0';
	}
	return walker->records.length > 0 ? end_part(walker, folder, NULL) : 0;
}

// Walks a directory, whose path is the walker's. A failure is noted, and does not keep others from being walked.
static void walk_directory(struct walker *walker, int fd, struct folder *folder, uint32_t depth)
{
	struct print print;
	size_t length = strlen(walker->path);
	start_print(&print);
	if (walk_names(walker, &print, fd, folder, depth) < 0)
		note_failure(walker->walk, walker->path, errno);
	walker->records.length = 0;
	walker->path[length] = '\0';
	end_print(walker, &print, folder);
}

// Takes a directory that waits, when there is one. False: there will be none.
static bool take_task(struct walk *walk, struct task *task)
{
	pthread_mutex_lock(&walk->lock);
	while (walk->n_waiting == 0 && walk->n_walking > 0)
		pthread_cond_wait(&walk->changed, &walk->lock);
	bool taken = walk->n_waiting > 0;
	if (taken) {
		*task = walk->waiting[--walk->n_waiting];
		walk->n_walking++;
	}
	pthread_mutex_unlock(&walk->lock);
	return taken;
}

static void end_task(struct walk *walk)
{
	pthread_mutex_lock(&walk->lock);
	if (--walk->n_walking == 0 && walk->n_waiting == 0)
		pthread_cond_broadcast(&walk->changed);
	pthread_mutex_unlock(&walk->lock);
}

static void walk_waiting(struct walker *walker)
{
	struct task task;
	while (take_task(walker->walk, &task)) {
		strcpy(walker->path, task.path);
		walk_directory(walker, task.fd, task.folder, task.depth);
		close(task.fd);
		free(task.path);
		end_task(walker->walk);
	}
	bytes_free(&walker->records);
	bytes_free(&walker->printed);
}

static void *walk_tasks(void *context)
{
	struct walker walker = {.walk = context};
	walk_waiting(&walker);
	return NULL;
}

// What is below the start, when it is a directory that is entered.
static int walk_below(struct walker *walker, struct folder *top, int start)
{
	cleanup_fd int fd = path_open(start, "", O_RDONLY | O_DIRECTORY, 0);
	struct folder *below = fd < 0 ? NULL : new_folder();
	if (below == NULL)
		return -1;
	if (end_part(walker, top, below) < 0) {
		free(below);
		return -1;
	}
	walk_directory(walker, fd, below, 0);
	return 0;
}

// The start itself is all that is in `top`. 1: done, 0: a whiteout, -1 with errno.
static int walk_start(struct walker *walker, struct folder *top, int start)
{
	struct print print;
	start_print(&print);
	int is_directory = add_entry(walker, &print, start, NULL);
	if (is_directory < 0)
		return errno == ENOENT ? 0 : -1;
	end_print(walker, &print, top);
	int failed = is_directory && entered(walker->walk->listing, "", 0) ? walk_below(walker, top, start)
									   : end_part(walker, top, NULL);
	return failed < 0 ? -1 : 1;
}

int listing_walk(struct listing *listing, int start)
{
	struct walk walk = {.listing = listing,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER,
			    .n_walking = 1};
	struct walker first = {.walk = &walk, .is_first = true};
	if (listing->n_prune > 0)
		qsort(listing->prune, listing->n_prune, sizeof *listing->prune, by_bytes);
	listing->top = new_folder();
	int there = listing->top == NULL ? -1 : walk_start(&first, listing->top, start);
	if (there < 0)
		note_failure(&walk, "", errno);
	end_task(&walk);
	walk_waiting(&first);
	for (size_t i = 0; i < walk.n_threads; i++)
		pthread_join(walk.threads[i], NULL);
	errno = walk.err;
	return walk.err == 0 ? there : -1;
}

// A list on its way.
struct sending {
	struct wire *wire;
	struct bytes batch;
	struct sha256 hash;
	struct timespec latest;
};

static int flush_batch(struct sending *sending)
{
	int sent = sending->batch.length == 0 ? 0 : wire_send(sending->wire, 'l', sending->batch.data, sending->batch.length);
	sending->batch.length = 0;
	return sent;
}

static int send_folder(struct sending *sending, const struct folder *folder)
{
	sha256_add(&sending->hash, folder->print, sizeof folder->print);
	note_change(&sending->latest, folder->latest);
	for (const struct part *part = folder->parts; part != NULL; part = part->next) {
		if (bytes_add(&sending->batch, part->records, part->length) < 0)
			return -1;
		if (sending->batch.length >= BATCH && flush_batch(sending) < 0)
			return -1;
		if (part->below != NULL && send_folder(sending, part->below) < 0)
			return -1;
	}
	return 0;
}

static int send_end(struct sending *sending)
{
	unsigned char digest[SHA256_SIZE];
	sha256_end(&sending->hash, digest);
	if (bytes_add(&sending->batch, digest, sizeof digest) < 0 ||
	    bytes_add_u64(&sending->batch, (uint64_t)sending->latest.tv_sec) < 0 ||
	    bytes_add_u32(&sending->batch, (uint32_t)sending->latest.tv_nsec) < 0)
		return -1;
	return wire_send(sending->wire, 'd', sending->batch.data, sending->batch.length);
}

int listing_send(const struct listing *listing, struct wire *wire)
{
	struct sending sending = {.wire = wire};
	sha256_init(&sending.hash);
	int sent = send_folder(&sending, listing->top);
	if (sent == 0)
		sent = flush_batch(&sending);
	if (sent == 0)
		sent = send_end(&sending);
	bytes_free(&sending.batch);
	return sent;
}

void listing_free(struct listing *listing)
{
	if (listing->top != NULL)
		free_folder(listing->top);
	free(listing->failed);
	listing->top = NULL;
	listing->failed = NULL;
}
