// SPDX-License-Identifier: Apache-2.0
// tally [N]: prints the N (10) most frequent words of standard input with their counts.
#include "store.h"
#include "words.h"

#include <stdlib.h>

static void print(const char *word, long count)
{
	printf("%ld %s\n", count, word);
}

int main(int argc, char **argv)
{
	int limit = argc > 1 ? atoi(argv[1]) : 10;
	if (argc > 2 || limit <= 0) {
		fprintf(stderr, "usage: tally [N] < TEXT\n");
		return 2;
	}
	struct store *store = store_open();
	if (store == NULL)
		return 1;
	int status = 0;
	char word[WORD_MAX];
	while (status == 0 && next_word(stdin, word))
		status = store_add(store, word);
	if (status == 0)
		status = store_top(store, limit, print);
	store_close(store);
	return status == 0 && fflush(stdout) == 0 ? 0 : 1;
}
