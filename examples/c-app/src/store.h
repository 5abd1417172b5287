// SPDX-License-Identifier: Apache-2.0
// Counts of words in an SQLite database in memory. Every function but store_close returns 0, or -1 after saying why on stderr.
#ifndef STORE_H
#define STORE_H

struct store;

struct store *store_open(void);
int store_add(struct store *store, const char *word);
// Calls `each` with the `limit` most frequent words: most frequent first, then by alphabet.
int store_top(struct store *store, int limit, void (*each)(const char *word, long count));
void store_close(struct store *store);

#endif
