// SPDX-License-Identifier: Apache-2.0
// Decodes and checks the request. Works on one buffer; every value is checked by type and length against the verb's
// table before any verb sees it. Knows no verb's meaning.

#include "spec.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "protocol.gen.h"
#include "report.h"

#define MAX_FIELDS 400000

const struct verb_rules *spec_rules(const char *verb)
{
	for (size_t i = 0; i < sizeof(all_rules) / sizeof(all_rules[0]); i++)
		if (strcmp(all_rules[i].verb, verb) == 0)
			return &all_rules[i];
	return NULL;
}

bool parse_int(const char *text, long long *out)
{
	bool negative = text[0] == '-';
	const char *digit = text + (negative ? 1 : 0);
	long long value = 0;

	if (*digit == '\0')
		return false;
	for (; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		if (__builtin_mul_overflow(value, 10LL, &value) ||
		    __builtin_sub_overflow(value, (long long)(*digit - '0'), &value))
			return false;
	}
	/* Counted downwards, so that the smallest number has no special case. */
	if (!negative && value == LLONG_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

bool id_valid(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length >= 1 && length <= 64 && text[length] == '\0' && text[0] != '-';
}

static bool word_valid(const char *words, const char *value)
{
	size_t length = strlen(value);

	for (const char *word = words; word != NULL && length > 0;) {
		const char *end = strchr(word, '|');
		size_t size = end == NULL ? strlen(word) : (size_t)(end - word);
		if (size == length && memcmp(word, value, size) == 0)
			return true;
		word = end == NULL ? NULL : end + 1;
	}
	return false;
}

static bool idmap_valid(const char *value)
{
	unsigned spaces = 0;

	for (const char *c = value; *c != '\0'; c++) {
		if (*c == ' ' && c != value && c[-1] != ' ' && c[1] != '\0')
			spaces++;
		else if (*c < '0' || *c > '9')
			return false;
	}
	return spaces == 2;
}

static bool value_valid(const struct field_rule *rule, const char *value)
{
	long long number;

	switch (rule->type) {
	case FIELD_TEXT:
		return true;
	case FIELD_PATH:
		return value[0] == '/';
	case FIELD_ID:
		return id_valid(value);
	case FIELD_INT:
		return parse_int(value, &number);
	case FIELD_BOOL:
		return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
	case FIELD_HEX: {
		size_t length = strspn(value, "0123456789abcdef");
		return value[length] == '\0' && length % 2 == 0;
	}
	case FIELD_WORD:
		return word_valid(rule->words, value);
	case FIELD_IDMAP:
		return idmap_valid(value);
	}
	return false;
}

static const struct field_rule *find_rule(const struct verb_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n_fields; i++)
		if (strcmp(rules->fields[i].name, name) == 0)
			return &rules->fields[i];
	return NULL;
}

/* True when `name` belongs to the groups that `leader` begins. */
static bool in_group(const char *leader, const char *name)
{
	size_t length = strlen(leader);

	return strncmp(leader, name, length) == 0 && name[length] == '-';
}

/* A field that may not repeat: not seen before in the request, or since the leader of its group. */
static bool is_repeated(const struct spec *spec, const struct verb_rules *rules, const char *name)
{
	for (size_t i = spec->n; i > 0; i--) {
		const char *earlier = spec->names[i - 1];
		if (strcmp(earlier, name) == 0)
			return true;
		const struct field_rule *rule = find_rule(rules, earlier);
		if (rule != NULL && rule->leader && in_group(earlier, name))
			return false;
	}
	return false;
}

static int add_field(struct spec *spec, const struct verb_rules *rules, char *field)
{
	char *equals = strchr(field, '=');
	if (equals == NULL)
		return report_refusal("bad-request", NULL, "a field without a value");
	*equals = '\0';
	const char *value = equals + 1;
	const struct field_rule *rule = find_rule(rules, field);
	if (rule == NULL)
		return report_refusal("bad-request", field, "an unknown field");
	if (strlen(value) > rule->max)
		return report_refusal("bad-request", field, "a value that is too long");
	if (!value_valid(rule, value))
		return report_refusal("bad-request", field, "a value of the wrong form");
	if (!rule->repeatable && is_repeated(spec, rules, field))
		return report_refusal("bad-request", field, "a field given twice");
	spec->names[spec->n] = field;
	spec->values[spec->n] = value;
	spec->n++;
	if (strcmp(field, "store") == 0)
		spec->store = value;
	if (strcmp(field, "driver") == 0)
		spec->driver = value;
	if (strcmp(field, "driver-program") == 0)
		spec->program = value;
	return 0;
}

static int check_version(const char *bytes)
{
	static const char prefix[] = "version=";
	long long version;

	if (strncmp(bytes, prefix, sizeof(prefix) - 1) != 0 || !parse_int(bytes + sizeof(prefix) - 1, &version))
		return report_refusal("bad-request", NULL, "a request that does not begin with its version");
	if (version != PROTOCOL_VERSION) {
		report_event("error", REPORT_TEXT, "code", "version", REPORT_INT, "helper", (long long)PROTOCOL_VERSION,
			     REPORT_INT, "request", version, REPORT_END);
		return -1;
	}
	return 0;
}

int spec_decode(struct spec *spec, const struct verb_rules *rules, char *bytes, size_t size)
{
	size_t count = 0;

	memset(spec, 0, sizeof(*spec));
	if (size == 0 || bytes[size - 1] != '\0')
		return report_refusal("bad-request", NULL, "a request that is cut off");
	for (size_t i = 0; i < size; i++)
		count += bytes[i] == '\0';
	if (count > MAX_FIELDS)
		return report_refusal("bad-request", NULL, "a request of too many fields");
	if (check_version(bytes) < 0)
		return -1;
	spec->names = calloc(count, sizeof(*spec->names));
	spec->values = calloc(count, sizeof(*spec->values));
	if (spec->names == NULL || spec->values == NULL)
		return report_error("read the request", NULL, ENOMEM, NULL);
	for (char *field = bytes; field < bytes + size; ) {
		char *next = field + strlen(field) + 1;
		if (add_field(spec, rules, field) < 0)
			return -1;
		field = next;
	}
	return 0;
}

int spec_read(struct spec *spec, const struct verb_rules *rules, int fd)
{
	size_t size = 64 << 10, used = 0;
	cleanup_free char *bytes = malloc(size);

	if (bytes == NULL)
		return report_error("read the request", NULL, ENOMEM, NULL);
	for (;;) {
		if (used == size) {
			if (size > SPEC_MAX_BYTES)
				return report_refusal("bad-request", NULL, "a request that is too long");
			char *grown = realloc(bytes, size *= 2);
			if (grown == NULL)
				return report_error("read the request", NULL, ENOMEM, NULL);
			bytes = grown;
		}
		ssize_t n = read(fd, bytes + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return report_error("read the request", NULL, errno, NULL);
		if (n == 0)
			break;
		used += (size_t)n;
	}
	if (used > SPEC_MAX_BYTES)
		return report_refusal("bad-request", NULL, "a request that is too long");
	/* The fields point into the buffer, which therefore lives as long as the process. */
	return spec_decode(spec, rules, steal_pointer(&bytes), used);
}

const char *spec_get(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n; i++)
		if (strcmp(spec->names[i], name) == 0)
			return spec->values[i];
	return NULL;
}

const char *spec_need(const struct spec *spec, const char *name)
{
	const char *value = spec_get(spec, name);

	if (value == NULL)
		report_refusal("bad-request", name, "a field is missing");
	return value;
}

bool spec_is(const struct spec *spec, const char *name, const char *word)
{
	const char *value = spec_get(spec, name);

	return value != NULL && strcmp(value, word) == 0;
}

bool spec_bool(const struct spec *spec, const char *name)
{
	return spec_is(spec, name, "1");
}

bool spec_next(const struct spec *spec, const char *name, size_t *cursor, const char **value)
{
	for (size_t i = *cursor; i < spec->n; i++) {
		if (strcmp(spec->names[i], name) == 0) {
			*cursor = i + 1;
			*value = spec->values[i];
			return true;
		}
	}
	return false;
}

bool spec_group(const struct spec *spec, const char *leader, size_t *cursor, struct spec *group)
{
	size_t first = *cursor;

	while (first < spec->n && strcmp(spec->names[first], leader) != 0)
		first++;
	if (first == spec->n)
		return false;
	size_t end = first + 1;
	while (end < spec->n && in_group(leader, spec->names[end]))
		end++;
	*group = *spec;
	group->names += first;
	group->values += first;
	group->n = end - first;
	*cursor = end;
	return true;
}

size_t spec_count(const struct spec *spec, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < spec->n; i++)
		count += strcmp(spec->names[i], name) == 0;
	return count;
}

int spec_int(const struct spec *spec, const char *name, long long min, long long max, long long fallback,
	     long long *out)
{
	const char *value = spec_get(spec, name);

	*out = fallback;
	if (value == NULL)
		return 0;
	if (!parse_int(value, out) || *out < min || *out > max)
		return report_refusal("bad-request", name, "a number out of range");
	return 0;
}

static unsigned hex_digit(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

int spec_bytes(const struct spec *spec, const char *name, unsigned char **bytes, size_t *size)
{
	const char *value = spec_need(spec, name);

	if (value == NULL)
		return -1;
	*size = strlen(value) / 2;
	*bytes = malloc(*size + 1);
	if (*bytes == NULL)
		return report_error("read the request", name, ENOMEM, NULL);
	for (size_t i = 0; i < *size; i++)
		(*bytes)[i] = (unsigned char)(hex_digit(value[2 * i]) << 4 | hex_digit(value[2 * i + 1]));
	(*bytes)[*size] = '\0';
	return 0;
}

bool spec_has_root(const struct spec *spec, const char *prefix)
{
	return spec_get(spec, prefix) != NULL;
}

/* `prefix` and `suffix` as one name, in a buffer of the caller's. Prefixes are constants of ours, and short. */
static const char *joined(char *buffer, size_t size, const char *prefix, const char *suffix)
{
	size_t length = strlen(prefix), rest = strlen(suffix) + 1;

	if (length + rest > size)
		_exit(EXIT_BUG);
	memcpy(buffer, prefix, length);
	memcpy(buffer + length, suffix, rest);
	return buffer;
}

int spec_root(const struct spec *spec, const char *prefix, struct root *out)
{
	char name[64];
	const char *kind = spec_need(spec, prefix);

	memset(out, 0, sizeof(*out));
	if (kind == NULL)
		return -1;
	out->store = spec->store;
	out->program = spec->program;
	if (spec->driver != NULL && strcmp(spec->driver, "copy") == 0)
		out->driver = DRIVER_COPY;
	else if (spec->driver != NULL && strcmp(spec->driver, "fuse-overlayfs") == 0)
		out->driver = DRIVER_FUSE;
	if (out->driver == DRIVER_FUSE && out->program == NULL)
		return report_refusal("bad-request", "driver-program", "fuse-overlayfs needs its program");
	if (strcmp(kind, "directory") == 0) {
		out->kind = ROOT_DIRECTORY;
		out->path = spec_need(spec, joined(name, sizeof(name), prefix, "-path"));
		return out->path == NULL ? -1 : 0;
	}
	out->kind = ROOT_STACK;
	if (spec->store == NULL)
		return report_refusal("bad-request", "store", "a stack needs the store's directory");
	out->upper = spec_get(spec, joined(name, sizeof(name), prefix, "-upper"));
	joined(name, sizeof(name), prefix, "-lower");
	out->lowers = calloc(spec_count(spec, name) + 1, sizeof(*out->lowers));
	if (out->lowers == NULL)
		return report_error("read the request", prefix, ENOMEM, NULL);
	for (size_t cursor = 0; spec_next(spec, name, &cursor, &out->lowers[out->n_lowers]);)
		out->n_lowers++;
	return 0;
}
