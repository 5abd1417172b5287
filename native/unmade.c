// SPDX-License-Identifier: Apache-2.0
// Files that are listed instead of made: hash tables of directories, and of the names in each.
#include "unmade.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Names are strangers': with a secret in the hash, nobody can choose ones that all fall into one slot.
static uint64_t hash_of(const char *text)
{
	static uint64_t secret[2];
	size_t length = strlen(text);
	if (secret[1] == 0) {
		if (getrandom(secret, sizeof secret, 0) < 0)
			secret[0] = (uint64_t)(uintptr_t)text; // the address is not known either
		secret[1] |= 1;
	}
	uint64_t hash = mix(secret[0] ^ length, secret[1]);
	for (uint64_t word; length > 0; length -= length < sizeof word ? length : sizeof word) {
		word = 0;
		memcpy(&word, text, length < sizeof word ? length : sizeof word);
		hash = mix(hash ^ word, secret[1]);
		text += sizeof word;
	}
	return hash;
}

// Where a directory is, or would be.
static size_t dir_slot(struct unmade_dir *const *table, size_t capacity, const char *path)
{
	size_t at = hash_of(path) & (capacity - 1);
	while (table[at] != NULL && strcmp(table[at]->path, path) != 0)
		at = (at + 1) & (capacity - 1);
	return at;
}

static size_t file_slot(const struct unmade_dir *dir, const uint32_t *slots, size_t capacity, const char *name)
{
	size_t at = hash_of(name) & (capacity - 1);
	while (slots[at] != 0 && strcmp(dir->files[slots[at] - 1].name, name) != 0)
		at = (at + 1) & (capacity - 1);
	return at;
}

struct unmade_dir *unmade_find(const struct unmade *unmade, const char *path)
{
	return unmade->capacity == 0 ? NULL : unmade->table[dir_slot(unmade->table, unmade->capacity, path)];
}

static int grow(struct unmade *unmade)
{
	size_t capacity = unmade->capacity == 0 ? 64 : unmade->capacity * 2;
	struct unmade_dir **table = calloc(capacity, sizeof(*table));
	if (table == NULL)
		return -1;
	for (size_t i = 0; i < unmade->capacity; i++) {
		struct unmade_dir *old = unmade->table[i];
		if (old != NULL)
			table[dir_slot(table, capacity, old->path)] = old;
	}
	free(unmade->table);
	unmade->table = table;
	unmade->capacity = capacity;
	return 0;
}

struct unmade_dir *unmade_add(struct unmade *unmade, const char *path)
{
	if (unmade->count * 2 >= unmade->capacity && grow(unmade) < 0)
		return NULL;
	struct unmade_dir **slot = &unmade->table[dir_slot(unmade->table, unmade->capacity, path)];
	if (*slot != NULL)
		return *slot;
	struct unmade_dir *dir = calloc(1, sizeof *dir);
	char *own_path = strdup(path);
	if (dir == NULL || own_path == NULL) {
		free(dir);
		free(own_path);
		return NULL;
	}
	dir->path = own_path;
	*slot = dir;
	unmade->count++;
	return dir;
}

static int grow_dir(struct unmade_dir *dir)
{
	size_t capacity = dir->capacity == 0 ? 32 : dir->capacity * 2;
	uint32_t *slots = calloc(capacity, sizeof *slots);
	struct unmade_file *files = slots == NULL ? NULL : realloc(dir->files, capacity / 2 * sizeof *files);
	if (files == NULL) {
		free(slots);
		return -1;
	}
	dir->files = files;
	for (size_t i = 0; i < dir->count; i++)
		slots[file_slot(dir, slots, capacity, files[i].name)] = (uint32_t)i + 1;
	free(dir->slots);
	dir->slots = slots;
	dir->capacity = capacity;
	return 0;
}

// The analyser (gcc 12) loses a pointer that is stored at an index that it does not know, and calls it leaked.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
// The file of that name; a new one has neither content nor anything else. NULL with ENOMEM.
static struct unmade_file *file_called(struct unmade_dir *dir, const char *name)
{
	if (dir->count >= dir->capacity / 2 && grow_dir(dir) < 0)
		return NULL;
	uint32_t *slot = &dir->slots[file_slot(dir, dir->slots, dir->capacity, name)];
	if (*slot != 0)
		return &dir->files[*slot - 1];
	struct unmade_file *file = &dir->files[dir->count];
	*file = (struct unmade_file){.name = strdup(name)};
	if (file->name == NULL)
		return NULL;
	*slot = (uint32_t)++dir->count;
	return file;
}
#pragma GCC diagnostic pop

int unmade_put(struct unmade_dir *dir, const char *name, const struct entry *entry, const char *content)
{
	size_t before = dir->count;
	struct unmade_file *file = file_called(dir, name);
	if (file == NULL)
		return -1;
	if (dir->count == before && file->content == NULL)
		return 0;
	char *own_content = strdup(content);
	if (own_content == NULL)
		return -1;
	free(file->content);
	file->content = own_content;
	file->size = entry->size;
	file->mtime = entry->mtime;
	file->mode = entry->mode;
	file->uid = entry->uid;
	file->gid = entry->gid;
	return 1;
}

int unmade_made(struct unmade_dir *dir, const char *name)
{
	struct unmade_file *file = file_called(dir, name);
	if (file == NULL)
		return -1;
	int listed = file->content != NULL;
	free(file->content);
	file->content = NULL;
	return listed;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct unmade_file *)a)->name, ((const struct unmade_file *)b)->name);
}

void unmade_sort(struct unmade_dir *dir)
{
	if (dir->count > 1)
		qsort(dir->files, dir->count, sizeof *dir->files, compare);
}

void unmade_free(struct unmade *unmade)
{
	for (size_t i = 0; i < unmade->capacity; i++) {
		struct unmade_dir *dir = unmade->table[i];
		if (dir == NULL)
			continue;
		for (size_t k = 0; k < dir->count; k++) {
			free(dir->files[k].name);
			free(dir->files[k].content);
		}
		free(dir->files);
		free(dir->slots);
		free(dir->path);
		free(dir);
	}
	free(unmade->table);
	*unmade = (struct unmade){0};
}
