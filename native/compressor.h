// SPDX-License-Identifier: Apache-2.0
// What the compressing programs have in common: how they are called, their input and output, the digest of the input.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sha256.h"

#define MAX_THREADS 64

struct compressor {
	const char *name; // of the program, for what it says
	int level;
	int threads;
	bool hashed;
	struct sha256 read; // what came in
	struct sha256 written; // what went out
	uint64_t size; // of what went out
	int write_error; // errno of the output, which the caller has opened and knows more about
};

// Reads the arguments LEVEL THREADS [digests]. False: they are wrong, and that was said.
bool compressor_called(struct compressor *compressor, const char *name, int max_level, int argc, char **argv);

// Fills the buffer from standard input; fewer bytes only at its end. -1 with errno.
ssize_t compressor_read(struct compressor *compressor, unsigned char *data, size_t size);

// Writes all to standard output. -1 with errno. One thread at a time.
int compressor_write(struct compressor *compressor, const unsigned char *data, size_t size);

// The end: writes the digests of input and output and the size of the output to descriptor 3 when they were asked for, or the
// name of the error that the output had; or says what else failed. `problem` is NULL when all went
// well. The result is the exit code.
int compressor_end(struct compressor *compressor, const char *problem);
