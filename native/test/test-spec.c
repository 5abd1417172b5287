// SPDX-License-Identifier: Apache-2.0
// Decodes every VERB-NAME.bin of a directory as a request and compares what comes out with VERB-NAME.txt: the fields in
// order, or the refusal. The .bin files were written by the TypeScript encoder (or broken on purpose); its tests hold them
// to the same texts. Then it feeds each file again, cut off at every length: nothing may be read beyond the end.

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "spec.h"

static char *read_file(const char *directory, const char *name, const char *suffix, size_t *size)
{
	char path[4096];
	FILE *file;
	char *bytes = malloc(SPEC_MAX_BYTES + 1);

	snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	file = fopen(path, "re");
	if (file == NULL || bytes == NULL) {
		perror(path);
		exit(1);
	}
	*size = fread(bytes, 1, SPEC_MAX_BYTES, file);
	bytes[*size] = '\0';
	fclose(file);
	return bytes;
}

/* A copy of exactly `size` bytes, so that the sanitizer notices one more. */
static char *exact_copy(const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		exit(1);
	memcpy(copy, bytes, size);
	return copy;
}

/* In a child, whose fd 4 is the given pipe: prints the fields, or has the refusal reported. */
static _Noreturn void decode_and_print(const char *verb, const char *bytes, size_t size, int to)
{
	struct spec spec;
	const struct verb_rules *rules = spec_rules(verb);

	dup2(to, REPORT_FD);
	if (rules == NULL)
		_exit(1);
	if (spec_decode(&spec, rules, exact_copy(bytes, size), size) == 0)
		for (size_t i = 0; i < spec.n; i++)
			dprintf(REPORT_FD, "%s=%s\n", spec.names[i], spec.values[i]);
	_exit(0);
}

static int run_decoder(const char *name, const char *bytes, size_t size, char *out, size_t room)
{
	char verb[32];
	int ends[2], status;
	size_t used = 0;
	ssize_t n;

	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(name, "-"), name);
	if (pipe(ends) < 0)
		exit(1);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		decode_and_print(verb, bytes, size, ends[1]);
	close(ends[1]);
	while (used < room - 1 && (n = read(ends[0], out + used, room - 1 - used)) > 0)
		used += (size_t)n;
	out[used] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int check(const char *directory, const char *name)
{
	size_t size, expected_size;
	char *bytes = read_file(directory, name, ".bin", &size);
	char *expected = read_file(directory, name, ".txt", &expected_size);
	char *found = malloc(SPEC_MAX_BYTES);
	int failed = 0;

	if (found == NULL)
		exit(1);
	if (run_decoder(name, bytes, size, found, SPEC_MAX_BYTES) < 0 || strcmp(found, expected) != 0) {
		printf("not ok %s\n--- expected\n%s--- found\n%s", name, expected, found);
		failed = 1;
	}
	/* Long requests are cut at every 97th length only: each takes a process. */
	for (size_t cut = 0; cut < size; cut += size > 200 ? 97 : 1)
		if (run_decoder(name, bytes, cut, found, SPEC_MAX_BYTES) < 0) {
			printf("not ok %s, cut off after %zu bytes\n", name, cut);
			failed = 1;
		}
	free(bytes);
	free(expected);
	free(found);
	return failed;
}

int main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	int failed = 0, count = 0;

	if (directory == NULL) {
		fprintf(stderr, "usage: test-spec DIRECTORY\n");
		return 1;
	}
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		char *suffix = strstr(entry->d_name, ".bin");
		if (suffix == NULL || suffix[4] != '\0')
			continue;
		*suffix = '\0';
		failed += check(argv[1], entry->d_name);
		count++;
	}
	closedir(directory);
	printf("%d requests decoded, %d failed\n", count, failed);
	return failed > 0 || count == 0;
}
