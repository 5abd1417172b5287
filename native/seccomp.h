// SPDX-License-Identifier: Apache-2.0
// The system call filter of a step: a policy (ours, seccomp.c, or the user's, seccomp_profile.c) is compiled to BPF
// (seccomp_compile.c) and loaded.
#ifndef TSBUILD_SECCOMP_H
#define TSBUILD_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec.h"

#define SECCOMP_MAX_NUMBER 1024

/* Our own policy: what happens to a call whose capabilities are not held. */
enum otherwise {
	OTHERWISE_EPERM, /* also the fate of every call that is not in the table */
	OTHERWISE_ALLOW,
	OTHERWISE_ENOSYS,
	OTHERWISE_CLONE,
	OTHERWISE_SOCKET,
	OTHERWISE_PERSONALITY,
	OTHERWISE_COUNT,
};

struct syscall_rule {
	const char *name;
	int number;
	uint64_t capabilities; /* any of them allows the call */
	enum otherwise otherwise;
};

#define CAP_BIT(capability) (UINT64_C(1) << (capability))

/* The calls of one ABI. Those that our policy refuses are listed as well, for profiles that allow them. */
struct syscall_table {
	uint32_t architecture; /* AUDIT_ARCH_* */
	const struct syscall_rule *rules;
	size_t n_rules;
};

/* The machine's own ABI, and its 32-bit one where we know it (n_rules 0 otherwise). */
extern const struct syscall_table seccomp_native;
extern const struct syscall_table seccomp_compat;

/* Numbers at and above this one are an ABI's private calls, or those of one that we do not know. */
static inline bool seccomp_in_range(const struct syscall_rule *rule)
{
	return rule->number >= 0 && rule->number < SECCOMP_MAX_NUMBER - 1;
}

enum comparison { COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_GE, COMPARE_GT, COMPARE_MASKED };

/* On one argument of a call. COMPARE_MASKED: (argument & mask) == value. */
struct condition {
	unsigned argument; /* 0 to 5 */
	enum comparison comparison;
	uint64_t value, mask;
};

/* Answers a call when all conditions hold. */
struct answer {
	uint32_t action; /* SECCOMP_RET_* with its data */
	const struct condition *conditions;
	size_t n_conditions;
};

/* What happens to a call: the first answer whose conditions hold, or else `action`. */
struct verdict {
	const struct answer *answers;
	size_t n_answers;
	uint32_t action;
};

struct program;

/* An empty program in static memory. */
struct program *seccomp_begin(void);
/* Calls of `architecture`: verdicts[n] is that of number n; numbers from `count` on have the last one. */
void seccomp_add(struct program *program, uint32_t architecture, const struct verdict *const *verdicts, size_t count);
/* Loads it; calls of other ABIs kill the process. flags: SECCOMP_FILTER_FLAG_*. -1: errno, E2BIG for too many rules. */
int seccomp_load(struct program *program, unsigned flags);

/* Our policy for a step that holds these capabilities. */
struct program *seccomp_default(uint64_t capabilities);
/* The profile of the request, compiled. NULL: reported. */
struct program *seccomp_profile(const struct spec *spec, unsigned *flags);

#endif
