// SPDX-License-Identifier: Apache-2.0
// tsbuild-gzip LEVEL THREADS [digest]: standard input to standard output as gzip. With `digest`, the hex sha256 of the input
// is written to descriptor 3 when all went well.
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
#include <stdlib.h>
#include <string.h>

#include "compressor.h"

// Large enough that a block's own dictionary and trees cost little (0.5 % against one stream), small enough to keep every
// core busy. Part of the format that we promise: changing it changes the digests of layers.
#define BLOCK (1u << 20)
#define MAX_LEVEL 12

// What is tried of a block: so many pieces, spread over it, each of which must stay above so many 64ths of its size.
#define PIECES 4
#define PIECE 4096
#define HOPELESS 63

struct job {
	struct compressor *compressor; // its input under the lock `input`
	pthread_mutex_t input;
	pthread_mutex_t output;
	pthread_cond_t turn;
	uint64_t blocks_read;
	uint64_t blocks_written;
	bool input_ended;
	int error; // errno of the first failure; 0: none
};

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
		ssize_t got = compressor_read(job->compressor, data, BLOCK);
		if (got < 0)
			outcome = -1;
		else if (got > 0 || job->blocks_read == 0)
			outcome = 1;
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
	if (compressor_write(data, size) < 0) {
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
	struct levels levels = {libdeflate_alloc_compressor(job->compressor->level), libdeflate_alloc_compressor(1),
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

int main(int argc, char **argv)
{
	struct compressor compressor;
	if (!compressor_called(&compressor, "tsbuild-gzip", MAX_LEVEL, argc, argv))
		return 64;
	struct job job = {.compressor = &compressor,
			  .input = PTHREAD_MUTEX_INITIALIZER,
			  .output = PTHREAD_MUTEX_INITIALIZER,
			  .turn = PTHREAD_COND_INITIALIZER};
	pthread_t others[MAX_THREADS];
	int started = 0;
	// Fewer threads than asked for are slower and otherwise the same.
	while (started < compressor.threads - 1 && pthread_create(&others[started], NULL, work, &job) == 0)
		started++;
	work(&job);
	for (int i = 0; i < started; i++)
		pthread_join(others[i], NULL);
	return compressor_end(&compressor, job.error == 0 ? NULL : strerror(job.error));
}
