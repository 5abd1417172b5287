// SPDX-License-Identifier: Apache-2.0
// A hash table from (device, inode) to a path.
#include "links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct link_slot {
	char *path; // NULL: empty
	dev_t dev;
	ino_t ino;
};

static struct link_slot *find(struct link_slot *table, size_t capacity, dev_t dev, ino_t ino)
{
	uint64_t hash = ((uint64_t)ino ^ (uint64_t)dev << 32) * 0x9e3779b97f4a7c15u;
	for (size_t i = (hash >> 32) & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
		if (table[i].path == NULL || (table[i].dev == dev && table[i].ino == ino))
			return &table[i];
	}
}

const char *links_find(const struct links *links, dev_t dev, ino_t ino)
{
	return links->capacity == 0 ? NULL : find(links->table, links->capacity, dev, ino)->path;
}

static int grow(struct links *links)
{
	size_t capacity = links->capacity == 0 ? 64 : links->capacity * 2;
	struct link_slot *table = calloc(capacity, sizeof *table);
	if (table == NULL)
		return -1;
	for (size_t i = 0; i < links->capacity; i++) {
		const struct link_slot *old = &links->table[i];
		if (old->path != NULL)
			*find(table, capacity, old->dev, old->ino) = *old;
	}
	free(links->table);
	links->table = table;
	links->capacity = capacity;
	return 0;
}

// The analyser (gcc 12) loses a pointer that is stored at an index that it does not know, and calls it leaked.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
int links_put(struct links *links, dev_t dev, ino_t ino, const char *path)
{
	if (links->count * 2 >= links->capacity && grow(links) < 0)
		return -1;
	struct link_slot *slot = find(links->table, links->capacity, dev, ino);
	links->count += slot->path == NULL;
	free(slot->path);
	slot->path = strdup(path);
	slot->dev = dev;
	slot->ino = ino;
	if (slot->path == NULL)
		return -1; // the table is not used again: the verb ends
	return 0;
}
#pragma GCC diagnostic pop

void links_free(struct links *links)
{
	for (size_t i = 0; i < links->capacity; i++)
		free(links->table[i].path);
	free(links->table);
	*links = (struct links){0};
}
