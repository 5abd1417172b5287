// SPDX-License-Identifier: Apache-2.0
// What the compressing programs have in common. They touch no file system and need no privilege: bytes come from standard
// input and go to standard output.
#include "compressor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

#define RESULT_FD 3

// A small decimal number, or -1.
static int number_of(const char *text, int max)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && value >= 0 && value <= max ? (int)value : -1;
}

bool compressor_called(struct compressor *compressor, const char *name, int max_level, int argc, char **argv)
{
	compressor->name = name;
	compressor->hashed = argc == 4 && strcmp(argv[3], "digests") == 0;
	bool called = argc == 3 || compressor->hashed;
	compressor->level = called ? number_of(argv[1], max_level) : -1;
	compressor->threads = called ? number_of(argv[2], MAX_THREADS) : -1;
	compressor->size = 0;
	compressor->write_error = 0;
	sha256_init(&compressor->read);
	sha256_init(&compressor->written);
	if (compressor->level >= 0 && compressor->threads >= 1)
		return true;
	fprintf(stderr, "usage: %s LEVEL THREADS [digests] (0 to %d, 1 to %d)\n", name, max_level, MAX_THREADS);
	return false;
}

ssize_t compressor_read(struct compressor *compressor, unsigned char *data, size_t size)
{
	ssize_t have = read_all(STDIN_FILENO, data, size);
	if (have > 0 && compressor->hashed)
		sha256_add(&compressor->read, data, (size_t)have);
	return have;
}

int compressor_write(struct compressor *compressor, const unsigned char *data, size_t size)
{
	if (write_all(STDOUT_FILENO, data, size) < 0) {
		compressor->write_error = errno;
		return -1;
	}
	compressor->size += size;
	if (compressor->hashed)
		sha256_add(&compressor->written, data, size);
	return 0;
}

static void add_digest(struct sha256 *hash, char text[2 * SHA256_SIZE + 1])
{
	unsigned char digest[SHA256_SIZE];
	sha256_end(hash, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static int write_result(struct compressor *compressor)
{
	char in[2 * SHA256_SIZE + 1], out[2 * SHA256_SIZE + 1];
	add_digest(&compressor->read, in);
	add_digest(&compressor->written, out);
	return dprintf(RESULT_FD, "%s %s %llu", in, out, (unsigned long long)compressor->size) < 0 ? -1 : 0;
}

int compressor_end(struct compressor *compressor, const char *problem)
{
	if (compressor->hashed && compressor->write_error != 0) {
		const char *name = strerrorname_np(compressor->write_error);
		dprintf(RESULT_FD, "%s", name == NULL ? "EIO" : name);
	}
	if (problem == NULL && compressor->hashed && write_result(compressor) < 0)
		problem = strerror(errno);
	if (problem == NULL)
		return 0;
	fprintf(stderr, "%s: %s\n", compressor->name, problem);
	return 71;
}
