// SPDX-License-Identifier: Apache-2.0
// The verb `diff`: writes as tar what an upper directory changes (mode `layer`), what makes one whole tree of another
// (`changes`), or a whole tree (`tree`).
//
// The upper directory is read itself, not through overlayfs, because its marks are what we need; the layers below are read
// through overlayfs, so that the kernel applies theirs. An entry of the upper is written when it differs from the one below in
// anything that a layer can say; what was merely copied up is left out. Deletions become `.wh.` entries, one for each name,
// for opaque directories too, because every reader understands those.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "compare.h"
#include "content.h"
#include "entry.h"
#include "links.h"
#include "names.h"
#include "ns.h"
#include "path.h"
#include "report.h"
#include "root.h"
#include "tar_write.h"
#include "tree.h"
#include "tree_diff.h"
#include "unmade.h"
#include "verbs.h"

#define WHITEOUT_PREFIX ".wh."

// What is accepted of a layer when it is read again (defaultLimits in src/layer/types.ts). A step makes a file of any size in no time,
// from a hole; here its bytes would be written.
#define LAYER_MAX_BYTES (256ull << 30)
#define LAYER_MAX_ENTRIES 10000000u
#define HEADER_SIZE 512u

struct diff {
	struct tar tar;
	struct diff_source *source;
	struct links links; // inodes with several names: the path written first
	uint64_t bytes, entries; // of a layer so far
};

// A directory on the way down. Its entry is written at the latest before the first entry below it.
struct level {
	struct level *parent;
	const char *path;
	const struct entry *entry; // NULL: the top, which is never written
	bool written;
};

static int fail(const char *step, const char *path)
{
	int err = errno;
	return report_is_final() ? -1 : report_error(step, path, err, NULL);
}

static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// The bytes of a file of the upper, wherever they are.
static int open_content(const struct diff *diff, int upper, const char *name, const struct stat *status)
{
	const struct diff_source *source = diff->source;
	int fd = source->content == NULL ? -2 : source->content(status, source->context);
	return fd == -2 ? content_open(upper, name) : fd;
}

// Looks at an entry: a regular file through a descriptor that its bytes are then read from, because asking that is cheaper than
// searching for the name once more for each question. `*content` stays -1 for others, and where the bytes are elsewhere.
static int look_at(const struct diff *diff, int upper, const char *name, struct stat *status, int *content)
{
	if (name_type(name) != DT_REG || diff->source->content != NULL)
		return fstatat(upper, name, status, AT_SYMLINK_NOFOLLOW);
	*content = content_open(upper, name);
	return *content < 0 ? -1 : fstat(*content, status);
}

static int64_t time_written(const struct diff *diff, int64_t mtime)
{
	if (diff->source->one_time != NULL)
		return *diff->source->one_time;
	return mtime > diff->source->clamp ? diff->source->clamp : mtime;
}

// An archive beyond its limit is an answer, not an error.
static int fail_to_write(struct diff *diff, const char *path)
{
	diff->source->too_large = tar_is_full(&diff->tar);
	return diff->source->too_large ? -1 : fail("write the archive", path);
}

// Before anything of the entry is written.
static int count(struct diff *diff, const struct entry *entry, const char *path)
{
	/* A limit of the caller's is smaller, and its answer is not an error. */
	if (!diff->source->layer || diff->source->limit != 0)
		return 0;
	diff->entries++;
	diff->bytes += HEADER_SIZE + (entry->type == 'f' ? entry->size : 0);
	if (diff->entries <= LAYER_MAX_ENTRIES && diff->bytes <= LAYER_MAX_BYTES)
		return 0;
	return report_error("write the layer", path, EFBIG, "a layer may have 256 GiB and ten million entries");
}

static int put_header(struct diff *diff, const struct entry *entry, const char *path)
{
	if (count(diff, entry, path) < 0)
		return -1;
	struct entry out = *entry; // shares the attributes
	out.path = path;
	out.mtime = time_written(diff, entry->mtime);
	return tar_header(&diff->tar, &out) < 0 ? fail_to_write(diff, path) : 0;
}

static int put_parents(struct diff *diff, struct level *level)
{
	if (level->written || level->entry == NULL)
		return 0;
	if (put_parents(diff, level->parent) < 0)
		return -1;
	level->written = true;
	return put_header(diff, level->entry, level->path);
}

static int put_whiteout(struct diff *diff, struct level *level, const char *name)
{
	char hidden[NAME_MAX + sizeof WHITEOUT_PREFIX];
	snprintf(hidden, sizeof hidden, WHITEOUT_PREFIX "%s", name);
	cleanup_free char *path = path_join(level->path, hidden);
	if (path == NULL)
		return fail("write the archive", name);
	const struct entry entry = {.type = 'f', .path = path, .link = ""};
	return put_parents(diff, level) < 0 ? -1 : put_header(diff, &entry, path);
}

// 1: the entry is as below in all that a layer can say, 0: changed, -1 with errno.
static int unchanged(const struct diff *diff, int upper, int lower, const char *name, const struct entry *entry,
		     const struct stat *status, struct stat *below)
{
	int same = alike(upper, lower, name, entry, below);
	if (same != CONTENT_DECIDES)
		return same;
	cleanup_fd int a = open_content(diff, upper, name, status);
	cleanup_fd int b = content_open(lower, name);
	return a < 0 || b < 0 ? -1 : content_equal(a, b);
}

// Links are what a layer says even when files are as below: a link made here leads to the entry of its first name, and a
// copy-up took a file out of its group. Copying up alone never gives a file several names.
// Of whole trees, what was not copied up still has its links.
static bool changes_links(const struct diff *diff, const struct stat *status, const struct stat *below)
{
	if (!S_ISREG(status->st_mode) || (diff->source->whole && status->st_nlink == below->st_nlink))
		return false;
	return status->st_nlink > 1 || below->st_nlink > 1;
}

static int put_file(struct diff *diff, int directory, const char *name, struct entry *entry, const struct stat *status,
		    int content)
{
	const char *first = entry->nlink > 1 ? links_find(&diff->links, status->st_dev, status->st_ino) : NULL;
	if (first != NULL) {
		entry->type = 'h';
		entry->link = first;
		return put_header(diff, entry, entry->path);
	}
	if (entry->nlink > 1 && links_put(&diff->links, status->st_dev, status->st_ino, entry->path) < 0)
		return fail("write the archive", entry->path);
	cleanup_fd int opened = content < 0 ? open_content(diff, directory, name, status) : -1;
	if (content < 0 && opened < 0)
		return fail("read a file", entry->path);
	if (put_header(diff, entry, entry->path) < 0)
		return -1;
	if (tar_content(&diff->tar, content < 0 ? opened : content, entry->size) == 0)
		return 0;
	return tar_is_full(&diff->tar) ? fail_to_write(diff, entry->path) : fail("read a file", entry->path);
}

static int put_entry(struct diff *diff, struct level *level, int directory, struct entry *entry,
		     const struct stat *status, const char *name, int content)
{
	char target[PATH_MAX];
	if (put_parents(diff, level) < 0)
		return -1;
	if (entry->type == 'f')
		return put_file(diff, directory, name, entry, status, content);
	if (entry->type == 'l') {
		ssize_t length = readlinkat(directory, name, target, sizeof target - 1);
		if (length < 0)
			return fail("read a symlink", entry->path);
		target[length] = '\0';
		entry->link = target;
	}
	return put_header(diff, entry, entry->path);
}

static int walk(struct diff *diff, struct level *level, int upper, int lower, bool hidden, int depth);

static int walk_directory(struct diff *diff, struct level *level, int upper, int lower, const char *name, bool hidden,
			  const struct entry *entry, bool below_is_directory, bool changed, int depth)
{
	cleanup_fd int a = open_directory(upper, name);
	cleanup_fd int b = below_is_directory ? open_directory(lower, name) : -1;
	if (a < 0 || (below_is_directory && b < 0))
		return fail("open a directory", entry->path);
	struct level here = {.parent = level, .path = entry->path, .entry = entry};
	if (changed && put_parents(diff, &here) < 0)
		return -1;
	return walk(diff, &here, a, b, hidden, depth + 1);
}

static int refuse_whiteout_name(const struct diff *diff, const char *name, const char *path)
{
	if (!diff->source->layer || strncmp(name, WHITEOUT_PREFIX, sizeof WHITEOUT_PREFIX - 1) != 0)
		return 0;
	return report_refusal("whiteout-name", path, "a file whose name begins with .wh. means a deletion in a layer");
}

static int diff_name(struct diff *diff, struct level *level, int upper, int lower, const char *name, bool hidden, int depth)
{
	cleanup_free char *path = path_join(level->path, name);
	cleanup_fd int content = -1;
	struct stat status, below;
	if (path == NULL || look_at(diff, upper, name, &status, &content) < 0)
		return fail("look at an entry", path == NULL ? name : path);
	int there = look_below(lower, name, &below);
	if (there < 0)
		return fail("look at the entry below", path);
	// A socket cannot be written, but what it took the place of is gone.
	if (entry_is_whiteout(&status) || S_ISSOCK(status.st_mode))
		return diff->source->layer && there ? put_whiteout(diff, level, name) : 0;
	if (refuse_whiteout_name(diff, name, path) < 0)
		return -1;
	cleanup_entry struct entry entry = {0};
	if (entry_fill(&entry, content < 0 ? upper : content, content < 0 ? name : NULL, &status) < 0)
		return fail("look at an entry", path);
	entry.path = path;
	int same = there ? unchanged(diff, upper, lower, name, &entry, &status, &below) : 0;
	if (same < 0)
		return fail("compare with the entry below", path);
	if (S_ISDIR(status.st_mode))
		return walk_directory(diff, level, upper, lower, name, hidden, &entry, there && S_ISDIR(below.st_mode),
				      !same, depth);
	if (same && !changes_links(diff, &status, &below))
		return 0;
	return put_entry(diff, level, upper, &entry, &status, name, content);
}

// A file of the upper that was listed instead of made. Nothing is below it: its directory is new.
static int put_unmade(struct diff *diff, struct level *level, const struct unmade_file *file)
{
	cleanup_free char *path = path_join(level->path, file->name);
	if (path == NULL)
		return fail("write the archive", file->name);
	if (refuse_whiteout_name(diff, file->name, path) < 0)
		return -1;
	cleanup_fd int content = diff->source->unmade_content(file->content, diff->source->context);
	if (content < 0)
		return fail("read a file", path);
	const struct entry entry = {
		.type = 'f',
		.mode = file->mode,
		.uid = file->uid,
		.gid = file->gid,
		.size = file->size,
		.mtime = file->mtime,
		.path = path,
		.link = "",
	};
	if (put_parents(diff, level) < 0 || put_header(diff, &entry, path) < 0)
		return -1;
	return tar_content(&diff->tar, content, entry.size) < 0 ? fail("read a file", path) : 0;
}

// Listed files up to a name.
static int next_unmade(struct diff *diff, struct level *level, const struct unmade_dir *dir, size_t *at, const char *until)
{
	for (; dir != NULL && *at < dir->count; (*at)++) {
		const struct unmade_file *file = &dir->files[*at];
		if (until != NULL && strcmp(file->name, until) > 0)
			return 0;
		if (file->content != NULL && put_unmade(diff, level, file) < 0)
			return -1;
	}
	return 0;
}

static struct unmade_dir *unmade_in(const struct diff *diff, const char *path)
{
	struct unmade_dir *dir = diff->source->unmade == NULL ? NULL : unmade_find(diff->source->unmade, path);
	if (dir != NULL)
		unmade_sort(dir);
	return dir;
}

// Names that only the directory below has, where the upper one hides it.
static int next_hidden(struct diff *diff, struct level *level, int lower, const struct names *names, size_t *at,
		       const char *until)
{
	for (; *at < names->count; (*at)++) {
		const char *name = names->list[*at];
		int order = until == NULL ? -1 : strcmp(name, until);
		if (order > 0)
			return 0;
		struct stat below;
		int there = order == 0 ? 0 : look_below(lower, name, &below);
		if (there < 0)
			return fail("look at the entry below", name);
		if (there && put_whiteout(diff, level, name) < 0)
			return -1;
	}
	return 0;
}

// Within a limit there are only so many names: each takes a header at least. That saves reading and sorting a large directory for nothing.
static int read_names(struct diff *diff, int directory, struct names *names)
{
	uint64_t limit = diff->source->limit;
	if (names_read_most(directory, names, limit == 0 ? SIZE_MAX : limit / HEADER_SIZE) == 0)
		return 0;
	diff->source->too_large = limit != 0 && errno == EFBIG;
	return -1;
}

// `hidden`: nothing of `lower` shows through, however this directory is marked: one further up is opaque, or the trees are whole.
static int walk(struct diff *diff, struct level *level, int upper, int lower, bool hidden, int depth)
{
	cleanup_names struct names names = {0}, below = {0};
	if (depth > TREE_MAX_DEPTH)
		errno = ENAMETOOLONG;
	if (depth > TREE_MAX_DEPTH || read_names(diff, upper, &names) < 0)
		return diff->source->too_large ? -1 : fail("read a directory", level->path);
	int opaque = diff->source->layer && !hidden && lower >= 0 ? opaque_get(upper) : 0;
	if (opaque < 0)
		return fail("read a directory's attributes", level->path);
	hidden = hidden || opaque;
	if (hidden && lower >= 0 && names_read(lower, &below) < 0)
		return fail("read the directory below", level->path);
	const struct unmade_dir *unmade = unmade_in(diff, level->path);
	size_t at = 0, at_unmade = 0;
	for (size_t i = 0; i < names.count; i++) {
		if (next_hidden(diff, level, lower, &below, &at, names.list[i]) < 0 ||
		    next_unmade(diff, level, unmade, &at_unmade, names.list[i]) < 0 ||
		    diff_name(diff, level, upper, lower, names.list[i], hidden, depth) < 0)
			return -1;
	}
	if (next_unmade(diff, level, unmade, &at_unmade, NULL) < 0)
		return -1;
	return next_hidden(diff, level, lower, &below, &at, NULL);
}

// The top's own entry, where it has a name in the archive. Its time is when this machine made or unpacked the tree: none.
static int put_top(struct diff *diff, struct level *level)
{
	cleanup_entry struct entry entry = {0};
	struct stat status;
	if (diff->source->directory == NULL)
		return 0;
	level->path = diff->source->directory;
	if (fstat(diff->source->upper, &status) < 0 || entry_fill(&entry, diff->source->upper, NULL, &status) < 0)
		return fail("look at an entry", level->path);
	entry.mtime = 0;
	return put_header(diff, &entry, level->path);
}

int diff_write(struct diff_source *source, int out)
{
	struct diff diff = {.tar = {.out = out, .limit = source->limit}, .source = source};
	struct level level = {.path = ""};
	int outcome = put_top(&diff, &level);
	if (outcome == 0)
		outcome = walk(&diff, &level, source->upper, source->lower, source->whole, 0);
	if (outcome == 0 && tar_end(&diff.tar) < 0)
		outcome = fail_to_write(&diff, NULL);
	tar_free(&diff.tar);
	links_free(&diff.links);
	return outcome;
}

// Opens a root for reading. `*kept`: what root_close wants. Returns a descriptor that can be walked (roots may be open for
// passing through only), or -1: reported.
static int open_tree_of(const struct root *root, int *kept)
{
	*kept = root_open(root, false);
	if (*kept < 0)
		return -1;
	int fd = path_open(*kept, "", O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? report_error("open the tree", NULL, errno, NULL) : fd;
}

int diff_write_layer(struct diff_source *source, const struct root *root, int out)
{
	const char *only = root->upper;
	const struct root top = {.kind = ROOT_STACK, .lowers = &only, .n_lowers = 1, .store = root->store};
	struct root below = *root;
	int top_kept = -1, below_kept = -1;
	cleanup_fd int upper = -1;
	cleanup_fd int lower = -1;
	below.upper = NULL;
	if (source->upper < 0) {
		upper = open_tree_of(&top, &top_kept);
		if (upper < 0)
			return -1;
		source->upper = upper;
	}
	if (below.n_lowers > 0) {
		lower = open_tree_of(&below, &below_kept);
		if (lower < 0)
			return -1;
	}
	source->lower = lower;
	source->layer = true;
	int outcome = diff_write(source, out);
	if (source->leave_open)
		steal_fd(&lower);
	if (outcome < 0 || source->leave_open)
		return outcome;
	if (below_kept >= 0 && root_close(&below, below_kept) < 0)
		return -1;
	return top_kept < 0 ? 0 : root_close(&top, top_kept);
}

int verb_diff(const struct spec *spec)
{
	struct root root;
	struct diff_source source = {.upper = -1, .lower = -1};
	long long clamp, time;
	if (spec_root(spec, "root", &root) < 0 ||
	    spec_int(spec, "clamp-time", INT64_MIN, INT64_MAX, INT64_MAX, &clamp) < 0 ||
	    spec_int(spec, "one-time", INT64_MIN, INT64_MAX, 0, &time) < 0 || ns_enter(spec) < 0)
		return -1;
	tree_raise_file_limit();
	source.clamp = clamp;
	const int64_t one_time = time;
	if (spec_get(spec, "one-time") != NULL)
		source.one_time = &one_time;
	if (spec_is(spec, "mode", "layer")) {
		if (root.kind != ROOT_STACK || root.upper == NULL)
			return report_refusal("bad-request", "root", "a layer is the upper directory of a stack");
		return diff_write_layer(&source, &root, STDOUT_FILENO);
	}
	struct root below;
	bool compared = spec_is(spec, "mode", "changes") && spec_has_root(spec, "source");
	int kept, below_kept = -1;
	cleanup_fd int tree = open_tree_of(&root, &kept);
	if (tree < 0 || (compared && spec_root(spec, "source", &below) < 0))
		return -1;
	cleanup_fd int lower = compared ? open_tree_of(&below, &below_kept) : -1;
	if (compared && lower < 0)
		return -1;
	source.upper = tree;
	source.lower = lower;
	source.layer = source.whole = spec_is(spec, "mode", "changes");
	source.directory = spec_get(spec, "directory");
	if (source.directory != NULL && !name_valid(source.directory))
		return report_refusal("bad-request", "directory", "not one name");
	if (diff_write(&source, STDOUT_FILENO) < 0 || (compared && root_close(&below, below_kept) < 0))
		return -1;
	return root_close(&root, kept);
}
