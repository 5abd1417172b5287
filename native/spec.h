// SPDX-License-Identifier: Apache-2.0
// The request: NUL-terminated `name=value` fields, read whole and checked against the verb's table (protocol.gen.h)
// before anything else happens.
#ifndef TSBUILD_SPEC_H
#define TSBUILD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#define SPEC_MAX_BYTES (16u << 20)

enum field_type {
	FIELD_TEXT,  /* any bytes but NUL */
	FIELD_PATH,  /* text that begins with a slash */
	FIELD_ID,    /* 1 to 64 of [a-z0-9-], not beginning with '-' */
	FIELD_INT,   /* decimal, 64 bits, signed */
	FIELD_BOOL,  /* 0 or 1 */
	FIELD_HEX,   /* lower-case hex, an even number of digits */
	FIELD_WORD,  /* one of the words */
	FIELD_IDMAP, /* three decimal numbers, single spaces */
};

struct field_rule {
	const char *name;
	enum field_type type;
	bool repeatable;
	bool leader;         /* begins a group: fields with its name and a dash as prefix belong to it */
	size_t max;          /* bytes of one value */
	const char *words;   /* FIELD_WORD: the allowed words, joined by '|' */
};

struct verb_rules {
	const char *verb;
	const struct field_rule *fields;
	size_t n_fields;
};

/* A decoded request, or a slice of one (spec_group). Strings live as long as the process. */
struct spec {
	const char **names;
	const char **values;
	size_t n;
	/* The same in every slice: */
	const char *store;   /* the store's root directory, absolute, or NULL */
	const char *driver;  /* how layers are stacked, or NULL: overlay */
	const char *program; /* of the driver, or NULL */
};

enum root_kind { ROOT_STACK, ROOT_DIRECTORY };

/* How the layers of a stack become one tree. */
enum driver {
	DRIVER_OVERLAY, /* the kernel's overlayfs */
	DRIVER_FUSE,    /* the program fuse-overlayfs */
	DRIVER_COPY,    /* a copy of them all */
};

/* A root filesystem as the request gives it. Paths below it are opened with path.h only. */
struct root {
	enum root_kind kind;
	const char **lowers; /* ids, bottom first */
	size_t n_lowers;
	const char *upper; /* id or NULL */
	const char *path;  /* ROOT_DIRECTORY */
	const char *store;
	enum driver driver;
	const char *program; /* DRIVER_FUSE */
	bool strangers; /* a step will write to it (root.c) */
};

/* Reads fd to its end, decodes, checks against the rules. -1: reported. */
int spec_read(struct spec *spec, const struct verb_rules *rules, int fd);
/* As spec_read, from memory (which is kept and changed). For tests and fuzzing, too. */
int spec_decode(struct spec *spec, const struct verb_rules *rules, char *bytes, size_t size);
/* The rules of a verb, or NULL. */
const struct verb_rules *spec_rules(const char *verb);

/* The value, or NULL when the field is absent. */
const char *spec_get(const struct spec *spec, const char *name);
/* The value, or a reported refusal and NULL. */
const char *spec_need(const struct spec *spec, const char *name);
bool spec_bool(const struct spec *spec, const char *name);
bool spec_is(const struct spec *spec, const char *name, const char *word);
/* Walks a repeated field: *cursor starts at 0. False at the end. */
bool spec_next(const struct spec *spec, const char *name, size_t *cursor, const char **value);
/* Walks groups: each slice begins with the field `leader` and holds the `leader-...` fields up to the next one. */
bool spec_group(const struct spec *spec, const char *leader, size_t *cursor, struct spec *group);
/* Number of fields of this name. */
size_t spec_count(const struct spec *spec, const char *name);
/* A number in [min, max]; absent: fallback. -1: reported. */
int spec_int(const struct spec *spec, const char *name, long long min, long long max, long long fallback,
	     long long *out);
/* Decodes a FIELD_HEX value into a new buffer (one NUL byte appended). -1: reported. */
int spec_bytes(const struct spec *spec, const char *name, unsigned char **bytes, size_t *size);

/* Reads `prefix`, `prefix-lower`, `prefix-upper`, `prefix-path`. -1: reported. */
int spec_root(const struct spec *spec, const char *prefix, struct root *out);
/* True when the request has such a root. */
bool spec_has_root(const struct spec *spec, const char *prefix);

/* Parses all of text as a decimal number. */
bool parse_int(const char *text, long long *out);
/* True for 1 to 64 of [a-z0-9-], not beginning with '-'. */
bool id_valid(const char *text);

#endif
