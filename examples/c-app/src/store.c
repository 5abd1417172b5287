// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct store {
	sqlite3 *db;
	sqlite3_stmt *add;
};

static int fail(struct store *store)
{
	fprintf(stderr, "tally: %s\n", sqlite3_errmsg(store->db));
	return -1;
}

struct store *store_open(void)
{
	struct store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return NULL;
	static const char insert[] = "INSERT INTO words VALUES (?, 1)"
				     " ON CONFLICT (word) DO UPDATE SET count = count + 1";
	if (sqlite3_open(":memory:", &store->db) != SQLITE_OK ||
	    sqlite3_exec(store->db, "CREATE TABLE words (word TEXT PRIMARY KEY, count INTEGER)", NULL, NULL,
			 NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(store->db, insert, -1, &store->add, NULL) != SQLITE_OK) {
		fail(store);
		store_close(store);
		return NULL;
	}
	return store;
}

int store_add(struct store *store, const char *word)
{
	if (sqlite3_bind_text(store->add, 1, word, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(store->add) != SQLITE_DONE || sqlite3_reset(store->add) != SQLITE_OK)
		return fail(store);
	return 0;
}

int store_top(struct store *store, int limit, void (*each)(const char *word, long count))
{
	sqlite3_stmt *select = NULL;
	static const char query[] = "SELECT word, count FROM words ORDER BY count DESC, word LIMIT ?";
	if (sqlite3_prepare_v2(store->db, query, -1, &select, NULL) != SQLITE_OK ||
	    sqlite3_bind_int(select, 1, limit) != SQLITE_OK) {
		sqlite3_finalize(select);
		return fail(store);
	}
	int step;
	while ((step = sqlite3_step(select)) == SQLITE_ROW)
		each((const char *)sqlite3_column_text(select, 0), (long)sqlite3_column_int64(select, 1));
	sqlite3_finalize(select);
	return step == SQLITE_DONE ? 0 : fail(store);
}

void store_close(struct store *store)
{
	sqlite3_finalize(store->add);
	sqlite3_close(store->db);
	free(store);
}
