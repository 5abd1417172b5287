// SPDX-License-Identifier: Apache-2.0
// Compiles the policy to a BPF program: for each ABI a binary search over runs of system call numbers with the same
// verdict. That is a few comparisons for any call, where a linear list costs hundreds. A call of an ABI that we do not know
// kills the process.

#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_NUMBER 1024
#define MAX_INSTRUCTIONS 4000

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
#define CLONE_NAMESPACES 0x7e020000u
#define FAMILY_ALG 38
#define FAMILY_VSOCK 40

struct program {
	struct sock_filter code[MAX_INSTRUCTIONS];
	size_t length;
	bool overflow;
};

/* Calls from `first` up to the next run's first have this verdict. */
struct verdict_run {
	unsigned first;
	enum otherwise verdict;
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

static void emit_return(struct program *program, uint32_t action)
{
	emit(program, BPF_RET | BPF_K, 0, 0, action);
}

static void emit_load(struct program *program, size_t offset)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* The low half of the first argument: all of these are 32-bit in the kernel. */
static void load_first_argument(struct program *program)
{
	size_t offset = offsetof(struct seccomp_data, args[0]);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	offset += 4;
#endif
	emit_load(program, offset);
}

static void emit_verdict(struct program *program, enum otherwise verdict)
{
	static const uint32_t harmless_personalities[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

	switch (verdict) {
	case OTHERWISE_ALLOW:
		emit_return(program, SECCOMP_RET_ALLOW);
		return;
	case OTHERWISE_EPERM:
		emit_return(program, refuse);
		return;
	case OTHERWISE_ENOSYS:
		emit_return(program, SECCOMP_RET_ERRNO | ENOSYS);
		return;
	case OTHERWISE_CLONE:
		load_first_argument(program);
		emit(program, BPF_JMP | BPF_JSET | BPF_K, 1, 0, CLONE_NAMESPACES);
		emit_return(program, SECCOMP_RET_ALLOW);
		emit_return(program, refuse);
		return;
	case OTHERWISE_SOCKET:
		load_first_argument(program);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, FAMILY_ALG);
		emit(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, FAMILY_VSOCK);
		emit_return(program, SECCOMP_RET_ALLOW);
		emit_return(program, refuse);
		return;
	case OTHERWISE_PERSONALITY:
		load_first_argument(program);
		for (size_t i = 0; i < sizeof(harmless_personalities) / sizeof(harmless_personalities[0]); i++) {
			emit(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, harmless_personalities[i]);
			emit_return(program, SECCOMP_RET_ALLOW);
		}
		emit_return(program, refuse);
		return;
	}
}

/* A binary search over runs[low..high]. Conditional jumps reach only 255 instructions, so the far half is jumped to. */
static void emit_search(struct program *program, const struct verdict_run *runs, size_t low, size_t high)
{
	if (low == high) {
		emit_verdict(program, runs[low].verdict);
		return;
	}
	size_t middle = low + (high - low + 1) / 2;
	emit(program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, runs[middle].first);
	size_t jump = emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_search(program, runs, low, middle - 1);
	program->code[jump].k = (uint32_t)(program->length - jump - 1);
	emit_search(program, runs, middle, high);
}

static enum otherwise verdict_of(const struct syscall_rule *rule, uint64_t capabilities)
{
	return (rule->capabilities & capabilities) != 0 ? OTHERWISE_ALLOW : rule->otherwise;
}

static void emit_table(struct program *program, const struct syscall_table *table, uint64_t capabilities)
{
	enum otherwise verdicts[MAX_NUMBER] = { OTHERWISE_EPERM };
	struct verdict_run runs[MAX_NUMBER + 1];
	size_t count = 0, last = 0;

	for (size_t i = 0; i < table->n_rules; i++) {
		size_t number = (size_t)table->rules[i].number;
		if (number >= MAX_NUMBER - 1)
			continue; /* an ABI's private calls, far above the others: not allowed */
		verdicts[number] = verdict_of(&table->rules[i], capabilities);
		last = number > last ? number : last;
	}
	/* Calls that are newer than the policy do not exist yet as far as a step is concerned. */
	verdicts[last + 1] = OTHERWISE_ENOSYS;
	for (size_t number = 0; number <= last + 1; number++)
		if (number == 0 || verdicts[number] != verdicts[number - 1])
			runs[count++] = (struct verdict_run){ (unsigned)number, verdicts[number] };
	emit_load(program, offsetof(struct seccomp_data, nr));
	emit_search(program, runs, 0, count - 1);
}

int seccomp_load(uint64_t capabilities)
{
	const struct syscall_table *tables[] = { &seccomp_native, &seccomp_compat };
	static struct program program;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i]->n_rules == 0)
			continue;
		emit_load(&program, offsetof(struct seccomp_data, arch));
		emit(&program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, tables[i]->architecture);
		size_t jump = emit(&program, BPF_JMP | BPF_JA, 0, 0, 0);
		emit_table(&program, tables[i], capabilities);
		program.code[jump].k = (uint32_t)(program.length - jump - 1);
	}
	emit_return(&program, SECCOMP_RET_KILL_PROCESS);
	if (program.overflow) {
		errno = E2BIG;
		return -1;
	}
	struct sock_fprog filter = { (unsigned short)program.length, program.code };
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}
