// SPDX-License-Identifier: Apache-2.0
// Events as JSON lines on fd 4, written with one write(2) each so that lines of several processes never mix.

#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"

struct outcome {
	bool final_written;
	enum exit_code exit_code;
};

static struct outcome own_outcome;
/* In memory that child processes share, once report_share was called. */
static struct outcome *outcome = &own_outcome;

void report_share(void)
{
	struct outcome *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED) {
		report_error("allocate memory", NULL, errno, NULL);
		_exit(EXIT_SYSTEM);
	}
	*shared = *outcome;
	outcome = shared;
}

/* Grows as needed; an event that does not fit into memory is lost together with the process (see append). */
struct line {
	char *text;
	size_t used;
	size_t size;
};

static void append(struct line *line, const char *text, size_t length)
{
	if (line->used + length + 1 > line->size) {
		size_t size = (line->used + length + 1) * 2;
		char *grown = realloc(line->text, size);
		if (grown == NULL)
			_exit(EXIT_SYSTEM);
		line->text = grown;
		line->size = size;
	}
	memcpy(line->text + line->used, text, length);
	line->used += length;
}

static void append_string(struct line *line, const char *text)
{
	append(line, text, strlen(text));
}

/* Length of the well-formed UTF-8 sequence at s, or 0 (overlong forms, surrogates and beyond U+10FFFF are not well-formed). */
static size_t utf8_length(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if (s[0] >= 0xe0 && s[0] <= 0xef) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
			return 0;
		if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

static void append_json(struct line *line, const char *text)
{
	append(line, "\"", 1);
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
		char escape[8];
		size_t length = utf8_length(s);

		if (length == 0) {
			snprintf(escape, sizeof(escape), "\\udc%02x", *s);
			append_string(line, escape);
			s++;
		} else if (*s == '"' || *s == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*s++;
			append(line, escape, 2);
		} else if (*s < 0x20 || *s == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", *s++);
			append_string(line, escape);
		} else {
			append(line, (const char *)s, length);
			s += length;
		}
	}
	append(line, "\"", 1);
}

static void write_line(const struct line *line)
{
	size_t done = 0;

	while (done < line->used) {
		ssize_t n = write(REPORT_FD, line->text + done, line->used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody listens any more: our caller is gone, and we are about to be */
		done += (size_t)n;
	}
}

static bool is_final(const char *name)
{
	return strcmp(name, "done") == 0 || strcmp(name, "exited") == 0 || strcmp(name, "signaled") == 0 ||
	       strcmp(name, "error") == 0;
}

static void append_pairs(struct line *line, va_list pairs)
{
	for (;;) {
		enum report_kind kind = va_arg(pairs, enum report_kind);
		if (kind == REPORT_END)
			return;
		const char *key = va_arg(pairs, const char *);
		char number[32];
		const char *text = number;

		if (kind == REPORT_INT)
			snprintf(number, sizeof(number), "%lld", va_arg(pairs, long long));
		else if (kind == REPORT_BOOL)
			text = va_arg(pairs, int) ? "true" : "false";
		else
			text = va_arg(pairs, const char *);
		if (text == NULL)
			continue;
		append(line, ",", 1);
		append_json(line, key);
		append(line, ":", 1);
		if (kind == REPORT_TEXT)
			append_json(line, text);
		else
			append_string(line, text);
	}
}

void report_event(const char *name, ...)
{
	int saved = errno;
	struct line line = { NULL, 0, 0 };
	va_list pairs;

	if (is_final(name)) {
		if (outcome->final_written)
			return;
		outcome->final_written = true;
	}
	append_string(&line, "{\"event\":");
	append_json(&line, name);
	va_start(pairs, name);
	append_pairs(&line, pairs);
	va_end(pairs);
	append_string(&line, "}\n");
	write_line(&line);
	free(line.text);
	errno = saved;
}

static enum exit_code code_of(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return EXIT_NOT_PERMITTED;
	case ENOSYS:
	case ENODEV:
	case EOPNOTSUPP:
		return EXIT_NO_FEATURE;
	default:
		return EXIT_SYSTEM;
	}
}

int report_error(const char *step, const char *path, int err, const char *hint)
{
	if (!outcome->final_written)
		outcome->exit_code = code_of(err);
	report_event("error", REPORT_TEXT, "step", step, REPORT_TEXT, "path", path, REPORT_TEXT, "errno",
		     err == 0 ? NULL : strerrorname_np(err), REPORT_TEXT, "message", err == 0 ? NULL : strerrordesc_np(err),
		     REPORT_TEXT, "hint", hint, REPORT_END);
	errno = err;
	return -1;
}

int report_refusal(const char *code, const char *path, const char *message)
{
	if (!outcome->final_written)
		outcome->exit_code = EXIT_BAD_REQUEST;
	report_event("error", REPORT_TEXT, "code", code, REPORT_TEXT, "path", path, REPORT_TEXT, "message", message,
		     REPORT_END);
	errno = EINVAL;
	return -1;
}

bool report_is_final(void)
{
	return outcome->final_written;
}

enum exit_code report_exit_code(void)
{
	return outcome->exit_code;
}
