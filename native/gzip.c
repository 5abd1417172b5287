// SPDX-License-Identifier: Apache-2.0
// tsbuild-gzip LEVEL THREADS [digest]: standard input to standard output as gzip. Its own small program: it touches no file
// system and needs no privilege. With `digest`, the hex sha256 of the input is written to descriptor 3 when all went well.
//
// The input is cut into blocks of a fixed size, and each becomes a gzip member of its own (RFC 1952: members follow one
// another). What a block compresses to depends on nothing but the block and the level, so the output is the same whatever the
// number of threads. Members are compressed by libdeflate, whose header has no name, no time and no system (255). A block
// that will not become smaller (it is compressed or encrypted already) is stored: trying would take most of the time.
#include <errno.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"

// Large enough that a block's own dictionary and trees cost little (0.5 % against one stream), small enough to keep every
// core busy. Part of the format that we promise: changing it changes the digests of layers.
#define BLOCK (1u << 20)
#define MAX_THREADS 64

// What is tried of a block: so many pieces, spread over it, each of which must stay above so many 64ths of its size.
#define PIECES 4
#define PIECE 4096
#define HOPELESS 63

struct job {
	pthread_mutex_t input;
	pthread_mutex_t output;
	pthread_cond_t turn;
	uint64_t blocks_read;
	uint64_t blocks_written;
	bool input_ended;
	bool hashed;
	struct sha256 hash; // of the input
	int error; // errno of the first failure; 0: none
	int level;
};

// Fills the buffer; fewer bytes only at the end of the input. -1 with errno.
static ssize_t read_block(unsigned char *data)
{
	size_t have = 0;
	while (have < BLOCK) {
		ssize_t got = read(STDIN_FILENO, data + have, BLOCK - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int write_block(const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, data, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

static void fail(struct job *job, int err)
{
	pthread_mutex_lock(&job->output);
	if (job->error == 0)
		job->error = err == 0 ? EIO : err;
	pthread_cond_broadcast(&job->turn);
	pthread_mutex_unlock(&job->output);
}

// Takes the next block and its number. 1: there is one, 0: the input is over, -1: failed. An empty input has one empty block,
// because a gzip file has at least one member.
static int next_block(struct job *job, unsigned char *data, size_t *size, uint64_t *number)
{
	int outcome = 0;
	pthread_mutex_lock(&job->input);
	if (!job->input_ended) {
		ssize_t got = read_block(data);
		if (got < 0)
			outcome = -1;
		else if (got > 0 || job->blocks_read == 0)
			outcome = 1;
		if (got > 0 && job->hashed)
			sha256_add(&job->hash, data, (size_t)got);
		*size = got < 0 ? 0 : (size_t)got;
		*number = job->blocks_read++;
		job->input_ended = got < (ssize_t)BLOCK;
	}
	int err = errno;
	pthread_mutex_unlock(&job->input);
	errno = err;
	return outcome;
}

// Writes a member when all before it are written. False: another thread has failed.
static bool write_in_turn(struct job *job, const unsigned char *data, size_t size, uint64_t number)
{
	pthread_mutex_lock(&job->output);
	while (job->blocks_written != number && job->error == 0)
		pthread_cond_wait(&job->turn, &job->output);
	bool go = job->error == 0;
	// The turn is ours alone until blocks_written grows: others may wait and fail meanwhile, not write.
	pthread_mutex_unlock(&job->output);
	if (!go)
		return false;
	if (write_block(data, size) < 0) {
		fail(job, errno);
		return false;
	}
	pthread_mutex_lock(&job->output);
	job->blocks_written++;
	pthread_cond_broadcast(&job->turn);
	pthread_mutex_unlock(&job->output);
	return true;
}

// A thread's compressors: as asked for, for trying, and for storing.
struct levels {
	struct libdeflate_compressor *asked;
	struct libdeflate_compressor *quick;
	struct libdeflate_compressor *none;
};

static bool is_hopeless(struct libdeflate_compressor *quick, const unsigned char *data, size_t size)
{
	unsigned char out[PIECE];
	if (size < (size_t)PIECES * PIECE)
		return false;
	for (size_t i = 0; i < PIECES; i++) {
		const unsigned char *piece = data + (size - PIECE) / (PIECES - 1) * i;
		// 0: it does not fit into what we gave, which is the limit.
		if (libdeflate_deflate_compress(quick, piece, PIECE, out, PIECE / 64 * HOPELESS) != 0)
			return false;
	}
	return true;
}

static void *work(void *argument)
{
	struct job *job = argument;
	struct levels levels = {libdeflate_alloc_compressor(job->level), libdeflate_alloc_compressor(1),
				libdeflate_alloc_compressor(0)};
	bool ready = levels.asked != NULL && levels.quick != NULL && levels.none != NULL;
	size_t bound = !ready ? 0 : libdeflate_gzip_compress_bound(levels.asked, BLOCK);
	unsigned char *in = malloc(BLOCK), *out = malloc(bound);
	if (!ready || in == NULL || out == NULL) {
		fail(job, ENOMEM);
	} else {
		size_t size;
		uint64_t number;
		int got;
		while ((got = next_block(job, in, &size, &number)) == 1) {
			bool hopeless = is_hopeless(levels.quick, in, size);
			size_t member = libdeflate_gzip_compress(hopeless ? levels.none : levels.asked, in, size, out, bound);
			if (member == 0)
				fail(job, EOVERFLOW); // cannot be: `bound` is what the library asks for
			if (member == 0 || !write_in_turn(job, out, member, number))
				break;
		}
		if (got < 0)
			fail(job, errno);
	}
	free(in);
	free(out);
	libdeflate_free_compressor(levels.asked);
	libdeflate_free_compressor(levels.quick);
	libdeflate_free_compressor(levels.none);
	return NULL;
}

// A small decimal number, or -1.
static int number_of(const char *text, int max)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && value >= 0 && value <= max ? (int)value : -1;
}

#define DIGEST_FD 3

static int write_digest(struct job *job)
{
	unsigned char digest[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 2];
	sha256_end(&job->hash, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	ssize_t written = write(DIGEST_FD, text, 2 * SHA256_SIZE);
	if (written >= 0 && written < (ssize_t)(2 * SHA256_SIZE))
		errno = EIO;
	return written == (ssize_t)(2 * SHA256_SIZE) ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct job job = {.input = PTHREAD_MUTEX_INITIALIZER, .output = PTHREAD_MUTEX_INITIALIZER, .turn = PTHREAD_COND_INITIALIZER};
	job.hashed = argc == 4 && strcmp(argv[3], "digest") == 0;
	bool called = argc == 3 || job.hashed;
	int threads = called ? number_of(argv[2], MAX_THREADS) : -1;
	job.level = called ? number_of(argv[1], 12) : -1;
	sha256_init(&job.hash);
	if (job.level < 0 || threads < 1) {
		fprintf(stderr, "usage: tsbuild-gzip LEVEL THREADS [digest] (0 to 12, 1 to %d)\n", MAX_THREADS);
		return 64;
	}
	pthread_t others[MAX_THREADS];
	int started = 0;
	// Fewer threads than asked for are slower and otherwise the same.
	while (started < threads - 1 && pthread_create(&others[started], NULL, work, &job) == 0)
		started++;
	work(&job);
	for (int i = 0; i < started; i++)
		pthread_join(others[i], NULL);
	if (job.error == 0 && job.hashed && write_digest(&job) < 0)
		job.error = errno;
	if (job.error != 0) {
		fprintf(stderr, "tsbuild-gzip: %s\n", strerror(job.error));
		return 71;
	}
	return 0;
}
