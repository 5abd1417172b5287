// SPDX-License-Identifier: Apache-2.0
// tsbuild-zstd LEVEL THREADS [digest]: standard input to standard output as one zstd frame with a checksum. With `digest`,
// the hex sha256 of the input is written to descriptor 3 when all went well.
//
// The library cuts the input into jobs whose size follows from the level alone, once it has a worker at all. So it always
// gets one: the output is the same whatever the number of threads.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "compressor.h"

// Whether a short input is told to the library as a whole depends on this: changing it changes the digests of layers.
#define BLOCK (1u << 20)
#define MAX_LEVEL 22

// Every decoder must take a window of 8 MiB (RFC 8878, 3.1.1.1.2). Levels from 20 on would use up to 128.
#define HIGHEST_LEVEL_WITHIN 19
#define LARGEST_WINDOW_LOG 23

static const char *set_up(ZSTD_CCtx *context, const struct compressor *compressor)
{
	const struct {
		ZSTD_cParameter name;
		int value;
		bool wanted;
	} parameters[] = {
		{ZSTD_c_compressionLevel, compressor->level, true},
		{ZSTD_c_nbWorkers, compressor->threads, true},
		{ZSTD_c_checksumFlag, 1, true},
		{ZSTD_c_windowLog, LARGEST_WINDOW_LOG, compressor->level > HIGHEST_LEVEL_WITHIN},
	};
	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
		size_t result = !parameters[i].wanted
					? 0
					: ZSTD_CCtx_setParameter(context, parameters[i].name, parameters[i].value);
		if (ZSTD_isError(result))
			return ZSTD_getErrorName(result);
	}
	return NULL;
}

static const char *compress(struct compressor *compressor, ZSTD_CCtx *context, unsigned char *in, unsigned char *out,
			    size_t out_size)
{
	for (;;) {
		ssize_t got = compressor_read(compressor, in, BLOCK);
		if (got < 0)
			return strerror(errno);
		bool last = got < (ssize_t)BLOCK;
		ZSTD_inBuffer input = {in, (size_t)got, 0};
		size_t left;
		do {
			ZSTD_outBuffer output = {out, out_size, 0};
			left = ZSTD_compressStream2(context, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(left))
				return ZSTD_getErrorName(left);
			if (compressor_write(compressor, out, output.pos) < 0)
				return strerror(errno);
		} while (last ? left > 0 : input.pos < input.size);
		if (last)
			return NULL;
	}
}

int main(int argc, char **argv)
{
	struct compressor compressor;
	if (!compressor_called(&compressor, "tsbuild-zstd", MAX_LEVEL, argc, argv))
		return 64;
	size_t out_size = ZSTD_CStreamOutSize();
	ZSTD_CCtx *context = ZSTD_createCCtx();
	unsigned char *in = malloc(BLOCK), *out = malloc(out_size);
	const char *problem = strerror(ENOMEM);
	if (context != NULL && in != NULL && out != NULL)
		problem = set_up(context, &compressor);
	if (problem == NULL)
		problem = compress(&compressor, context, in, out, out_size);
	free(in);
	free(out);
	ZSTD_freeCCtx(context);
	return compressor_end(&compressor, problem);
}
