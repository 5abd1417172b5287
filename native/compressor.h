// SPDX-License-Identifier: Apache-2.0
// What the compressing programs have in common: how they are called, their input and output, the digest of the input.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "sha256.h"

#define MAX_THREADS 64

struct compressor {
	const char *name; // of the program, for what it says
	int level;
	int threads;
	bool hashed;
	struct sha256 hash; // of the input
};

// Reads the arguments LEVEL THREADS [digest]. False: they are wrong, and that was said.
bool compressor_called(struct compressor *compressor, const char *name, int max_level, int argc, char **argv);

// Fills the buffer from standard input; fewer bytes only at its end. -1 with errno.
ssize_t compressor_read(struct compressor *compressor, unsigned char *data, size_t size);

// Writes all to standard output. -1 with errno.
int compressor_write(const unsigned char *data, size_t size);

// The end: writes the digest to descriptor 3 when one was asked for, or says what failed. `problem` is NULL when all went
// well. The result is the exit code.
int compressor_end(struct compressor *compressor, const char *problem);
