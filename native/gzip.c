// SPDX-License-Identifier: Apache-2.0
// tsbuild-gzip LEVEL THREADS [digest]: standard input to standard output as gzip. With `digest`, the hex sha256 of the input
// is written to descriptor 3 when all went well.
//
// The input is cut into blocks of a fixed size, and each becomes gzip members of its own (RFC 1952: members follow one
// another). What a block compresses to depends on nothing but the block and the level, so the output is the same whatever the
// number of threads. The headers of members have no name, no time and no system (255).
#include <errno.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compressor.h"
#include "members.h"

#define MAX_LEVEL 12

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
		ssize_t got = compressor_read(job->compressor, data, MEMBERS_BLOCK);
		if (got < 0)
			outcome = -1;
		else if (got > 0 || job->blocks_read == 0)
			outcome = 1;
		*size = got < 0 ? 0 : (size_t)got;
		*number = job->blocks_read++;
		job->input_ended = got < (ssize_t)MEMBERS_BLOCK;
	}
	int err = errno;
	pthread_mutex_unlock(&job->input);
	errno = err;
	return outcome;
}

// Writes the members of a block when all before it are written. False: another thread has failed.
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
	if (compressor_write(job->compressor, data, size) < 0) {
		fail(job, errno);
		return false;
	}
	pthread_mutex_lock(&job->output);
	job->blocks_written++;
	pthread_cond_broadcast(&job->turn);
	pthread_mutex_unlock(&job->output);
	return true;
}

static void *work(void *argument)
{
	struct job *job = argument;
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(job->compressor->level);
	unsigned char *in = malloc(MEMBERS_BLOCK), *out = compressor == NULL ? NULL : malloc(members_bound(compressor));
	if (in == NULL || out == NULL) {
		fail(job, ENOMEM);
	} else {
		size_t size;
		uint64_t number;
		int got;
		while ((got = next_block(job, in, &size, &number)) == 1) {
			size_t members = members_of(compressor, job->compressor->level, in, size, out);
			if (members == 0)
				fail(job, EOVERFLOW); // cannot be: `out` is as large as it may become
			if (members == 0 || !write_in_turn(job, out, members, number))
				break;
		}
		if (got < 0)
			fail(job, errno);
	}
	free(in);
	free(out);
	libdeflate_free_compressor(compressor);
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
