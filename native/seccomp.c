// SPDX-License-Identifier: Apache-2.0
// Our own policy (seccomp.gen.h, the container engines' default) as verdicts for the compiler.

#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
#define CLONE_NAMESPACES 0x7e020000u
#define FAMILY_ALG 38
#define FAMILY_VSOCK 40

/* Only the low half is compared: all of these are 32-bit in the kernel, which does not look at the high half either. */
#define LOW_HALF(wanted)                                                                                                \
	{                                                                                                               \
		.argument = 0, .comparison = COMPARE_MASKED, .value = (wanted), .mask = UINT32_MAX                      \
	}
#define ANSWER(condition, what)                                                                                         \
	{                                                                                                               \
		.action = (what), .conditions = &(condition), .n_conditions = 1                                         \
	}

static const struct condition no_namespaces = { .comparison = COMPARE_MASKED, .mask = CLONE_NAMESPACES };
static const struct condition families[] = { LOW_HALF(FAMILY_ALG), LOW_HALF(FAMILY_VSOCK) };
static const struct condition personalities[] = { LOW_HALF(0), LOW_HALF(8), LOW_HALF(0x20000), LOW_HALF(0x20008),
						  LOW_HALF(0xffffffff) };

static const struct answer clone_answers[] = { ANSWER(no_namespaces, SECCOMP_RET_ALLOW) };
static const struct answer socket_answers[] = { ANSWER(families[0], REFUSE), ANSWER(families[1], REFUSE) };
static const struct answer personality_answers[] = {
	ANSWER(personalities[0], SECCOMP_RET_ALLOW), ANSWER(personalities[1], SECCOMP_RET_ALLOW),
	ANSWER(personalities[2], SECCOMP_RET_ALLOW), ANSWER(personalities[3], SECCOMP_RET_ALLOW),
	ANSWER(personalities[4], SECCOMP_RET_ALLOW),
};

static const struct verdict policy[OTHERWISE_COUNT] = {
	[OTHERWISE_EPERM] = { .action = REFUSE },
	[OTHERWISE_ALLOW] = { .action = SECCOMP_RET_ALLOW },
	[OTHERWISE_ENOSYS] = { .action = SECCOMP_RET_ERRNO | ENOSYS },
	[OTHERWISE_CLONE] = { clone_answers, 1, REFUSE },
	[OTHERWISE_SOCKET] = { socket_answers, 2, SECCOMP_RET_ALLOW },
	[OTHERWISE_PERSONALITY] = { personality_answers, 5, REFUSE },
};

static void add_table(struct program *program, const struct syscall_table *table, uint64_t capabilities)
{
	const struct verdict *verdicts[SECCOMP_MAX_NUMBER];
	size_t last = 0;

	for (size_t i = 0; i < SECCOMP_MAX_NUMBER; i++)
		verdicts[i] = &policy[OTHERWISE_EPERM];
	for (size_t i = 0; i < table->n_rules; i++) {
		const struct syscall_rule *rule = &table->rules[i];
		if (!seccomp_in_range(rule))
			continue; /* not allowed */
		bool granted = (rule->capabilities & capabilities) != 0;
		verdicts[rule->number] = &policy[granted ? OTHERWISE_ALLOW : rule->otherwise];
		last = (size_t)rule->number > last ? (size_t)rule->number : last;
	}
	/* Calls that are newer than the policy do not exist yet as far as a step is concerned. */
	verdicts[last + 1] = &policy[OTHERWISE_ENOSYS];
	seccomp_add(program, table->architecture, verdicts, last + 2);
}

struct program *seccomp_default(uint64_t capabilities)
{
	struct program *program = seccomp_begin();

	add_table(program, &seccomp_native, capabilities);
	if (seccomp_compat.n_rules > 0)
		add_table(program, &seccomp_compat, capabilities);
	return program;
}
