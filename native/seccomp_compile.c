// SPDX-License-Identifier: Apache-2.0
// Compiles verdicts to a BPF program: for each ABI a binary search over runs of system call numbers with the same verdict.
// That is a few comparisons for any call, where a linear list costs hundreds. A call of an ABI that was not added kills the
// process.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp.h"

#define MAX_INSTRUCTIONS BPF_MAXINSNS

struct program {
	struct sock_filter code[MAX_INSTRUCTIONS];
	size_t length;
	bool overflow;
};

/* Calls from `first` up to the next run's first have this verdict. */
struct verdict_run {
	unsigned first;
	const struct verdict *verdict;
};

static size_t emit(struct program *program, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k)
{
	if (program->length == MAX_INSTRUCTIONS) {
		program->overflow = true;
		return 0;
	}
	program->code[program->length] = (struct sock_filter){ code, if_true, if_false, k };
	return program->length++;
}

/* Conditional jumps reach only 255 instructions: far targets are jumped to, and named when they are known. */
static size_t emit_jump(struct program *program)
{
	return emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void land(struct program *program, size_t jump)
{
	if (!program->overflow)
		program->code[jump].k = (uint32_t)(program->length - jump - 1);
}

static void emit_return(struct program *program, uint32_t action)
{
	emit(program, BPF_RET | BPF_K, 0, 0, action);
}

static void emit_load(struct program *program, size_t offset)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void load_half(struct program *program, unsigned argument, bool high, uint64_t mask)
{
	size_t offset = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
	uint32_t half = (uint32_t)(high ? mask >> 32 : mask);

	if (high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__))
		offset += sizeof(uint32_t);
	emit_load(program, offset);
	if (half != UINT32_MAX)
		emit(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, half);
}

/* Goes on behind itself when argument and value are equal (or, negated, when they are not); else takes the jump returned. */
static size_t emit_equal(struct program *program, const struct condition *on, uint64_t mask, bool negated)
{
	uint32_t high = (uint32_t)(on->value >> 32), low = (uint32_t)on->value;

	load_half(program, on->argument, true, mask);
	size_t first = emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, high);
	load_half(program, on->argument, false, mask);
	/* Over the jump when it holds; onto it when it does not. */
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, negated ? 0 : 1, negated ? 1 : 0, low);
	size_t jump = emit_jump(program);
	/* Unequal high halves settle it: onto the jump, or when negated behind it. */
	program->code[first].jf = (uint8_t)(jump - first - 1 + (negated ? 1 : 0));
	return jump;
}

/* As emit_equal, for an argument that is greater than the value (`equal`: or equal); negated for less. */
static size_t emit_greater(struct program *program, const struct condition *on, bool equal, bool negated)
{
	uint32_t high = (uint32_t)(on->value >> 32), low = (uint32_t)on->value;

	load_half(program, on->argument, true, UINT64_MAX);
	/* 0 to 3 below: greater high halves settle it one way, and smaller ones the other. */
	emit(program, BPF_JMP | BPF_JGT | BPF_K, negated ? 3 : 4, 0, high);
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, negated ? 3 : 2, high);
	load_half(program, on->argument, false, UINT64_MAX);
	emit(program, BPF_JMP | (equal ? BPF_JGE : BPF_JGT) | BPF_K, negated ? 0 : 1, negated ? 1 : 0, low);
	return emit_jump(program);
}

static size_t emit_condition(struct program *program, const struct condition *on)
{
	switch (on->comparison) {
	case COMPARE_EQ:
		return emit_equal(program, on, UINT64_MAX, false);
	case COMPARE_NE:
		return emit_equal(program, on, UINT64_MAX, true);
	case COMPARE_MASKED:
		return emit_equal(program, on, on->mask, false);
	case COMPARE_GT:
		return emit_greater(program, on, false, false);
	case COMPARE_GE:
		return emit_greater(program, on, true, false);
	case COMPARE_LE:
		return emit_greater(program, on, false, true);
	case COMPARE_LT:
		return emit_greater(program, on, true, true);
	}
	return emit_jump(program);
}

static void emit_answer(struct program *program, const struct answer *answer)
{
	size_t jumps[6];
	size_t count = 0;

	for (; count < answer->n_conditions && count < sizeof(jumps) / sizeof(jumps[0]) && !program->overflow; count++)
		jumps[count] = emit_condition(program, &answer->conditions[count]);
	emit_return(program, answer->action);
	while (count > 0)
		land(program, jumps[--count]);
}

static void emit_verdict(struct program *program, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_answers && !program->overflow; i++)
		emit_answer(program, &verdict->answers[i]);
	emit_return(program, verdict->action);
}

/* A binary search over runs[low..high]. */
static void emit_search(struct program *program, const struct verdict_run *runs, size_t low, size_t high)
{
	if (low == high) {
		emit_verdict(program, runs[low].verdict);
		return;
	}
	size_t middle = low + (high - low + 1) / 2;
	emit(program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, runs[middle].first);
	size_t jump = emit_jump(program);
	emit_search(program, runs, low, middle - 1);
	land(program, jump);
	emit_search(program, runs, middle, high);
}

struct program *seccomp_begin(void)
{
	static struct program program;

	program.length = 0;
	program.overflow = false;
	return &program;
}

void seccomp_add(struct program *program, uint32_t architecture, const struct verdict *const *verdicts, size_t count)
{
	struct verdict_run runs[SECCOMP_MAX_NUMBER];
	size_t n_runs = 0;

	for (size_t number = 0; number < count && number < SECCOMP_MAX_NUMBER; number++)
		if (number == 0 || verdicts[number] != verdicts[number - 1])
			runs[n_runs++] = (struct verdict_run){ (unsigned)number, verdicts[number] };
	if (n_runs == 0)
		return;
	emit_load(program, offsetof(struct seccomp_data, arch));
	emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, architecture);
	size_t jump = emit_jump(program);
	emit_load(program, offsetof(struct seccomp_data, nr));
	emit_search(program, runs, 0, n_runs - 1);
	land(program, jump);
}

int seccomp_load(struct program *program, unsigned flags)
{
	emit_return(program, SECCOMP_RET_KILL_PROCESS);
	if (program->overflow) {
		errno = E2BIG;
		return -1;
	}
	struct sock_fprog filter = { (unsigned short)program->length, program->code };
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}
