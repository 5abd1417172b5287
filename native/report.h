// SPDX-License-Identifier: Apache-2.0
// What the helper tells its caller: JSON lines on fd 4, and the exit code that goes with them.
#ifndef TSBUILD_REPORT_H
#define TSBUILD_REPORT_H

#include <stdbool.h>

#define REPORT_FD 4

enum exit_code {
	EXIT_DONE = 0,        /* a final event was written, whatever the command did */
	EXIT_BAD_REQUEST = 64,
	EXIT_NO_FEATURE = 69, /* the kernel lacks something */
	EXIT_BUG = 70,
	EXIT_SYSTEM = 71, /* a system call failed */
	EXIT_NOT_PERMITTED = 77,
};

/* Marks the type of the pair that follows: REPORT_TEXT, key, const char * | REPORT_INT, key, long long | REPORT_BOOL, key, int. */
enum report_kind { REPORT_END, REPORT_TEXT, REPORT_INT, REPORT_BOOL };

/*
 * Writes {"event":name, key:value ...}. Text may be any bytes: what is not UTF-8 becomes \udcXX. A NULL text leaves the
 * pair out. Arguments end with REPORT_END. `done`, `exited`, `signaled` and `error` are final: later final events are dropped.
 */
void report_event(const char *name, ...);

/*
 * Writes the final `error` event {step, path, errno, hint} and chooses the exit code from err. `step` says in words what
 * was being done. path and hint may be NULL. Returns -1 with errno = err, for `return report_error(...)`.
 */
int report_error(const char *step, const char *path, int err, const char *hint);

/* As report_error for a request that no caller of ours would send, or a refusal that is no system error: code names it. */
int report_refusal(const char *code, const char *path, const char *message);

/* From now on child processes and we count as one: a final event of either is final for both. */
void report_share(void);
/* True once a final event has been written. */
bool report_is_final(void);
/* The exit code of the process. */
enum exit_code report_exit_code(void);

#endif
