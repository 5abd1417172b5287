// SPDX-License-Identifier: Apache-2.0
// A profile of the user's: its rules (`filter-rule` groups, resolved and checked in TypeScript) as verdicts for the compiler.
//
// A rule without conditions beats those with conditions, whatever their order, and the first of several wins: as libseccomp
// has it. Rules that say what the default says change nothing, but the calls that they name are known to the profile: calls
// newer than all of those do not exist (ENOSYS) unless the default lets calls pass. Programs then fall back to older calls.

#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "report.h"
#include "seccomp.h"

#define MAX_CONDITIONS 6
#define TOO_LONG "the profile has more rules than a filter may have instructions"

/* Of both ABIs' rules: each takes several instructions, so more would not fit anyway. */
static struct condition conditions[BPF_MAXINSNS];
static size_t n_conditions;

/* The rules of one call while they are gathered. */
struct call {
	struct answer *answers;
	size_t n_answers;
	bool settled; /* by a rule without conditions */
	uint32_t action;
	struct verdict verdict;
};

struct profile {
	const struct syscall_table *table;
	uint32_t action; /* the default */
	bool names_calls;
	size_t last; /* the highest number that it names */
	struct call *calls;
};

static uint32_t action_of(const char *word, long long data)
{
	static const struct {
		const char *word;
		uint32_t action;
		bool has_data;
	} actions[] = { { "allow", SECCOMP_RET_ALLOW, false },
			{ "errno", SECCOMP_RET_ERRNO, true },
			{ "kill-thread", SECCOMP_RET_KILL_THREAD, false },
			{ "kill-process", SECCOMP_RET_KILL_PROCESS, false },
			{ "trap", SECCOMP_RET_TRAP, false },
			{ "trace", SECCOMP_RET_TRACE, true },
			{ "log", SECCOMP_RET_LOG, false } };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].word, word) == 0)
			return actions[i].action | (actions[i].has_data ? (uint32_t)data & SECCOMP_RET_DATA : 0);
	return SECCOMP_RET_KILL_PROCESS; /* not reached: the word was checked */
}

static int read_action(const struct spec *spec, const char *name, const char *data_name, uint32_t *action)
{
	const char *word = spec_need(spec, name);
	long long data;

	if (word == NULL || spec_int(spec, data_name, 0, SECCOMP_RET_DATA, EPERM, &data) < 0)
		return -1;
	*action = action_of(word, data);
	return 0;
}

/* `ARGUMENT COMPARISON VALUE MASK` */
static int read_condition(const char *text, struct condition *condition)
{
	static const char *const comparisons[] = { "ne", "lt", "le", "eq", "ge", "gt", "masked" };
	char comparison[8];
	int end = -1;

	if (sscanf(text, "%1u %7[a-z] %" SCNu64 " %" SCNu64 "%n", &condition->argument, comparison, &condition->value,
		   &condition->mask, &end) != 4 ||
	    end < 0 || text[end] != '\0' || condition->argument > 5)
		return report_refusal("bad-request", "filter-rule-if", "a condition of the wrong form");
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		if (strcmp(comparisons[i], comparison) != 0)
			continue;
		condition->comparison = (enum comparison)i;
		return 0;
	}
	return report_refusal("bad-request", "filter-rule-if", "an unknown comparison");
}

static const struct syscall_rule *find_call(const struct syscall_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_rules; i++)
		if (strcmp(table->rules[i].name, name) == 0)
			return &table->rules[i];
	return NULL;
}

static int add_to_call(struct profile *profile, struct call *call, const struct answer *answer)
{
	if (answer->action == profile->action || call->settled)
		return 0;
	if (answer->n_conditions == 0) {
		call->settled = true;
		call->action = answer->action;
		return 0;
	}
	struct answer *grown = reallocarray(call->answers, call->n_answers + 1, sizeof(*grown));
	if (grown == NULL)
		return report_error("compile the system call filter", NULL, errno, NULL);
	call->answers = grown;
	grown[call->n_answers++] = *answer;
	return 0;
}

/* Calls that this ABI does not have are no mistake: profiles are written for all of them. */
static int add_rule(struct profile *profile, const struct answer *answer, const char *names)
{
	cleanup_free char *copy = strdup(names);
	char *rest = copy, *name;

	if (copy == NULL)
		return report_error("compile the system call filter", NULL, errno, NULL);
	while ((name = strsep(&rest, " ")) != NULL) {
		const struct syscall_rule *known = find_call(profile->table, name);
		if (known == NULL || !seccomp_in_range(known))
			continue;
		size_t number = (size_t)known->number;
		profile->names_calls = true;
		profile->last = number > profile->last ? number : profile->last;
		if (add_to_call(profile, &profile->calls[number], answer) < 0)
			return -1;
	}
	return 0;
}

static int read_rule(struct profile *profile, const struct spec *rule)
{
	struct answer answer = { 0 };
	const char *text, *names = spec_need(rule, "filter-rule-calls");
	size_t count = spec_count(rule, "filter-rule-if");

	if (names == NULL || read_action(rule, "filter-rule", "filter-rule-data", &answer.action) < 0)
		return -1;
	if (count > MAX_CONDITIONS)
		return report_refusal("bad-request", "filter-rule-if", "more conditions than a call has arguments");
	if (n_conditions + count > sizeof(conditions) / sizeof(conditions[0]))
		return report_error("load the system call filter", NULL, E2BIG, TOO_LONG);
	answer.conditions = &conditions[n_conditions];
	for (size_t cursor = 0; spec_next(rule, "filter-rule-if", &cursor, &text); answer.n_conditions++)
		if (read_condition(text, &conditions[n_conditions++]) < 0)
			return -1;
	return add_rule(profile, &answer, names);
}

static bool lets_pass(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
}

static void add_verdicts(struct program *program, struct profile *profile)
{
	static struct verdict otherwise, newer = { .action = SECCOMP_RET_ERRNO | ENOSYS };
	const struct verdict *verdicts[SECCOMP_MAX_NUMBER];

	otherwise.action = profile->action;
	for (size_t number = 0; number <= profile->last; number++) {
		struct call *call = &profile->calls[number];
		call->verdict = (struct verdict){ call->answers, call->settled ? 0 : call->n_answers,
						  call->settled ? call->action : profile->action };
		verdicts[number] = call->settled || call->n_answers > 0 ? &call->verdict : &otherwise;
		/* One verdict for a run of calls with the same answer keeps the search short. */
		if (number > 0 && verdicts[number]->n_answers == 0 && verdicts[number - 1]->n_answers == 0 &&
		    verdicts[number]->action == verdicts[number - 1]->action)
			verdicts[number] = verdicts[number - 1];
	}
	verdicts[profile->last + 1] = lets_pass(profile->action) || !profile->names_calls ? &otherwise : &newer;
	seccomp_add(program, profile->table->architecture, verdicts, profile->last + 2);
}

static int add_table(struct program *program, const struct spec *spec, const struct syscall_table *table)
{
	static struct call native_calls[SECCOMP_MAX_NUMBER], compat_calls[SECCOMP_MAX_NUMBER];
	struct profile profile = { .table = table, .calls = table == &seccomp_native ? native_calls : compat_calls };
	struct spec rule;

	if (read_action(spec, "filter-default", "filter-default-data", &profile.action) < 0)
		return -1;
	for (size_t cursor = 0; spec_group(spec, "filter-rule", &cursor, &rule);)
		if (read_rule(&profile, &rule) < 0)
			return -1;
	add_verdicts(program, &profile);
	return 0;
}

struct program *seccomp_profile(const struct spec *spec, unsigned *flags)
{
	struct program *program = seccomp_begin();

	*flags = (spec_bool(spec, "filter-log") ? SECCOMP_FILTER_FLAG_LOG : 0) |
		 (spec_bool(spec, "filter-spec-allow") ? SECCOMP_FILTER_FLAG_SPEC_ALLOW : 0);
	if (add_table(program, spec, &seccomp_native) < 0)
		return NULL;
	if (spec_bool(spec, "filter-compat") && seccomp_compat.n_rules > 0 && add_table(program, spec, &seccomp_compat) < 0)
		return NULL;
	return program;
}
