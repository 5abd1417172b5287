// SPDX-License-Identifier: Apache-2.0
// See merged.h. Beside the tree of a layer (`fs`): `merged-HASH`, a complete copy of the stack whose ids give that hash and
// whose topmost layer this is; `draft`, a copy that is written to. Copies appear under their names by renaming.
#include "merged.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "compare.h"
#include "make.h"
#include "merge.h"
#include "names.h"
#include "owner.h"
#include "sha256.h"
#include "tree.h"

#define MAX_DRAFTS 64

static struct draft {
	const char *upper;
	struct merge merge;
} drafts[MAX_DRAFTS];
static size_t n_drafts;

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_layer(int layers, const char *id)
{
	cleanup_fd int outer = open_directory(layers, id);
	return outer < 0 ? -1 : open_directory(outer, "fs");
}

// The name of the copy of a stack.
static void name_of(const char *const *ids, size_t count, char name[40])
{
	struct sha256 hash;
	unsigned char digest[SHA256_SIZE];
	sha256_init(&hash);
	for (size_t i = 0; i < count; i++)
		sha256_add(&hash, ids[i], strlen(ids[i]) + 1);
	sha256_end(&hash, digest);
	uint64_t start;
	memcpy(&start, digest, sizeof start);
	snprintf(name, 40, "merged-%016" PRIx64, start);
}

// The copy of a stack, if there is one.
static int open_copy(int layers, const char *const *ids, size_t count)
{
	char name[40];
	if (count == 1)
		return open_layer(layers, ids[0]);
	name_of(ids, count, name);
	cleanup_fd int outer = open_directory(layers, ids[count - 1]);
	return outer < 0 ? -1 : open_directory(outer, name);
}

static int fill_copy(int layers, const char *const *ids, size_t count, int tree)
{
	struct merge merge = {.root = tree};
	size_t next = 0;
	// All but the topmost may be there as a copy already.
	cleanup_fd int below = open_copy(layers, ids, count - 1);
	int rc = below < 0 ? 0 : merge_layer(&merge, below);
	if (below >= 0)
		next = count - 1;
	for (; rc == 0 && next < count; next++) {
		cleanup_fd int layer = open_layer(layers, ids[next]);
		rc = layer < 0 ? -1 : merge_layer(&merge, layer);
	}
	merge_free(&merge);
	return rc;
}

static int make_copy(int layers, const char *const *ids, size_t count)
{
	char name[40], unfinished[40];
	uint64_t random;
	name_of(ids, count, name);
	cleanup_fd int outer = open_directory(layers, ids[count - 1]);
	if (outer < 0 || getrandom(&random, sizeof random, 0) != sizeof random)
		return -1;
	snprintf(unfinished, sizeof unfinished, "copy-%016" PRIx64, random);
	if (mkdirat(outer, unfinished, 0700) < 0)
		return -1;
	cleanup_fd int tree = open_directory(outer, unfinished);
	if (tree < 0 || fill_copy(layers, ids, count, tree) < 0)
		return -1;
	if (renameat2(outer, unfinished, outer, name, RENAME_NOREPLACE) == 0)
		return steal_fd(&tree);
	// Another helper was faster.
	if (errno != EEXIST || remove_any(outer, unfinished) < 0)
		return -1;
	return open_directory(outer, name);
}

static int open_stack_copy(int layers, const char *const *ids, size_t count)
{
	int fd = open_copy(layers, ids, count);
	return fd < 0 && errno == ENOENT && count > 1 ? make_copy(layers, ids, count) : fd;
}

int merged_open(const struct root *root, int layers)
{
	cleanup_free const char **ids = calloc(root->n_lowers + 1, sizeof *ids);
	size_t count = root->n_lowers;
	if (ids == NULL)
		return -1;
	memcpy(ids, root->lowers, count * sizeof *ids);
	if (root->upper != NULL)
		ids[count++] = root->upper;
	return open_stack_copy(layers, ids, count);
}

int merged_forget(int layers, const char *upper)
{
	cleanup_fd int outer = open_directory(layers, upper);
	cleanup_names struct names names = {0};
	if (outer < 0)
		return errno == ENOENT ? 0 : -1;
	if (names_read(outer, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (strcmp(names.list[i], "fs") != 0 && remove_any(outer, names.list[i]) < 0)
			return -1;
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	ino_t x = ((const struct origin *)a)->copy, y = ((const struct origin *)b)->copy;
	return (x > y) - (x < y);
}

int merged_draft(const struct root *root, int layers, int upper)
{
	if (n_drafts == MAX_DRAFTS) {
		errno = EMFILE;
		return -1;
	}
	cleanup_fd int lower = open_stack_copy(layers, root->lowers, root->n_lowers);
	cleanup_fd int outer = lower < 0 ? -1 : open_directory(layers, root->upper);
	if (outer < 0 || mkdirat(outer, "draft", 0700) < 0)
		return -1;
	cleanup_fd int tree = open_directory(outer, "draft");
	struct draft *draft = &drafts[n_drafts];
	*draft = (struct draft){.upper = root->upper, .merge = {.root = tree, .remember = true}};
	if (tree < 0 || merge_layer(&draft->merge, lower) < 0)
		return -1;
	// What the upper has already differs from what is below.
	draft->merge.remember = false;
	if (merge_layer(&draft->merge, upper) < 0)
		return -1;
	qsort(draft->merge.origins, draft->merge.n_origins, sizeof *draft->merge.origins, by_inode);
	draft->merge.root = -1;
	n_drafts++;
	// A change within the clock's tick would leave the ctime that is remembered.
	const struct timespec tick = {.tv_nsec = 10000000};
	nanosleep(&tick, NULL);
	return steal_fd(&tree);
}

// A directory of the draft on the way down. Its place in the upper is made when something below it needs one.
struct level {
	struct level *parent;
	const char *name;
	const struct entry *entry;
	int upper; // -1: not made yet
};

static int upper_of(struct level *level)
{
	if (level->upper >= 0)
		return level->upper;
	int parent = upper_of(level->parent);
	if (parent < 0 || mkdirat(parent, level->name, 0700) < 0)
		return -1;
	return level->upper = open_directory(parent, level->name);
}

// True for a copy that nobody touched, at the place of what it is a copy of.
static bool untouched(const struct draft *draft, const struct stat *now, const struct stat *below)
{
	const struct origin key = {.copy = now->st_ino};
	const struct origin *found = draft->merge.n_origins == 0 ? NULL :
									 bsearch(&key, draft->merge.origins, draft->merge.n_origins,
										 sizeof key, by_inode);
	return found != NULL && found->source == below->st_ino && found->changed.tv_sec == now->st_ctim.tv_sec &&
	       found->changed.tv_nsec == now->st_ctim.tv_nsec;
}

static int take_directory(const struct draft *draft, struct level *level, int from, int lower, const char *name,
			  struct stat *status, struct stat *below, bool there);

// 1: as below, 0: changed, -1 with errno.
static int as_below(const struct draft *draft, int from, int lower, const char *name, struct stat *status,
		    struct stat *below)
{
	cleanup_entry struct entry entry = {0};
	if (S_ISREG(status->st_mode) && untouched(draft, status, below))
		return 1;
	// It has a new name, or left its others: what are links of one another is part of a layer.
	if (S_ISREG(status->st_mode) && (status->st_nlink == 1) != (below->st_nlink == 1))
		return 0;
	if (entry_fill(&entry, from, name, status) < 0)
		return -1;
	return entry_unchanged(from, lower, name, &entry, below);
}

static int take_entry(const struct draft *draft, struct level *level, int from, int lower, const char *name)
{
	struct stat status, below;
	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	int there = look_below(lower, name, &below);
	if (there < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return take_directory(draft, level, from, lower, name, &status, &below, there);
	int same = there ? as_below(draft, from, lower, name, &status, &below) : 0;
	if (same != 0)
		return same < 0 ? -1 : 0;
	int upper = upper_of(level);
	return upper < 0 ? -1 : renameat(from, name, upper, name);
}

static int take_deletion(struct level *level, int lower, const char *name)
{
	struct stat below;
	int there = look_below(lower, name, &below);
	if (there <= 0)
		return there;
	int upper = upper_of(level);
	return upper < 0 ? -1 : mknodat(upper, name, S_IFCHR, 0);
}

static int take_names(const struct draft *draft, struct level *level, int from, int lower)
{
	cleanup_names struct names names = {0}, below = {0};
	if (names_read(from, &names) < 0 || (lower >= 0 && names_read(lower, &below) < 0))
		return -1;
	for (size_t i = 0, at = 0; i < names.count || at < below.count;) {
		int order = i == names.count ? 1 : at == below.count ? -1 : strcmp(names.list[i], below.list[at]);
		if (order > 0 ? take_deletion(level, lower, below.list[at]) < 0 :
				take_entry(draft, level, from, lower, names.list[i]) < 0)
			return -1;
		i += order <= 0;
		at += order >= 0;
	}
	return 0;
}

static int dress(int directory, const struct entry *entry)
{
	size_t lost = 0;
	if (xattrs_clear(directory) < 0 || set_metadata(directory, entry, &lost) < 0)
		return -1;
	return set_mtime(directory, entry->mtime, entry->mtime_ns);
}

static int take_directory(const struct draft *draft, struct level *level, int from, int lower, const char *name,
			  struct stat *status, struct stat *below, bool there)
{
	cleanup_entry struct entry entry = {0};
	if (entry_fill(&entry, from, name, status) < 0)
		return -1;
	int same = there ? entry_unchanged(from, lower, name, &entry, below) : 0;
	cleanup_fd int source = same < 0 ? -1 : open_directory(from, name);
	cleanup_fd int under = there && S_ISDIR(below->st_mode) ? open_directory(lower, name) : -1;
	if (source < 0 || (there && S_ISDIR(below->st_mode) && under < 0))
		return -1;
	struct level here = {.parent = level, .name = name, .entry = &entry, .upper = -1};
	int rc = !same && upper_of(&here) < 0 ? -1 : take_names(draft, &here, source, under);
	cleanup_fd int upper = here.upper;
	return rc < 0 || upper < 0 ? rc : dress(upper, &entry);
}

static int take_draft(const struct draft *draft, int outer, int from, int lower)
{
	cleanup_entry struct entry entry = {0};
	struct stat status;
	cleanup_fd int upper = open_directory(outer, "fs");
	cleanup_names struct names old = {0};
	if (upper < 0 || fstat(from, &status) < 0 || entry_fill(&entry, from, NULL, &status) < 0 ||
	    names_read(upper, &old) < 0)
		return -1;
	for (size_t i = 0; i < old.count; i++)
		if (remove_any(upper, old.list[i]) < 0)
			return -1;
	struct level top = {.name = "", .entry = &entry, .upper = upper};
	if (take_names(draft, &top, from, lower) < 0)
		return -1;
	return dress(upper, &entry);
}

int merged_commit(const struct root *root, int layers)
{
	struct draft draft = {0};
	for (size_t i = 0; i < n_drafts; i++) {
		if (strcmp(drafts[i].upper, root->upper) != 0)
			continue;
		draft = drafts[i];
		drafts[i] = drafts[--n_drafts];
		break;
	}
	cleanup_fd int outer = open_directory(layers, root->upper);
	cleanup_fd int from = outer < 0 ? -1 : open_directory(outer, "draft");
	if (from < 0)
		return errno == ENOENT ? 0 : -1;
	// A step's own process made the draft of a mount: then its memory of origins is gone, and everything is compared.
	cleanup_fd int lower = open_stack_copy(layers, root->lowers, root->n_lowers);
	int rc = lower < 0 ? -1 : take_draft(&draft, outer, from, lower);
	merge_free(&draft.merge);
	return rc < 0 ? -1 : merged_forget(layers, root->upper);
}
