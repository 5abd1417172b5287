// SPDX-License-Identifier: Apache-2.0
// The filter compiler: what it emits is interpreted here, as the kernel would, and compared with what the conditions say.

#include <stdio.h>

#include "../seccomp_compile.c"

#define ARCHITECTURE 0x1234u

static unsigned failures, checks;

/* The instructions that the compiler uses, and no others. */
static uint32_t interpret(const struct program *program, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (size_t at = 0; at < program->length; at++) {
		const struct sock_filter *now = &program->code[at];
		switch (now->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&accumulator, (const char *)data + now->k, sizeof(accumulator));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= now->k;
			break;
		case BPF_JMP | BPF_JA:
			at += now->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += accumulator == now->k ? now->jt : now->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += accumulator > now->k ? now->jt : now->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += accumulator >= now->k ? now->jt : now->jf;
			break;
		case BPF_RET | BPF_K:
			return now->k;
		default:
			return 0xdead;
		}
	}
	return 0xbeef; /* ran off its end */
}

static bool holds(const struct condition *on, uint64_t argument)
{
	switch (on->comparison) {
	case COMPARE_NE:
		return argument != on->value;
	case COMPARE_LT:
		return argument < on->value;
	case COMPARE_LE:
		return argument <= on->value;
	case COMPARE_EQ:
		return argument == on->value;
	case COMPARE_GE:
		return argument >= on->value;
	case COMPARE_GT:
		return argument > on->value;
	case COMPARE_MASKED:
		return (argument & on->mask) == on->value;
	}
	return false;
}

static void expect(const char *what, uint32_t found, uint32_t wanted)
{
	checks++;
	if (found == wanted)
		return;
	failures++;
	fprintf(stderr, "%s: 0x%x, not 0x%x\n", what, found, wanted);
}

static const uint64_t edges[] = { 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff,
				  0x200000000, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffffe,
				  0xffffffffffffffff };
#define N_EDGES (sizeof(edges) / sizeof(edges[0]))

/* Two answers to one call, the second one with a condition on another argument as well. */
static void check_pair(const struct condition *first, const struct condition *second)
{
	const struct condition both[] = { *second, { .argument = 5, .comparison = COMPARE_EQ, .value = 7 } };
	const struct answer answers[] = { { 1, first, 1 }, { 2, both, 2 } };
	const struct verdict verdict = { answers, 2, 3 };
	const struct verdict *verdicts[] = { &verdict };
	struct program *program = seccomp_begin();

	seccomp_add(program, ARCHITECTURE, verdicts, 1);
	emit_return(program, 4);
	for (size_t i = 0; i < N_EDGES; i++) {
		for (uint64_t other = 6; other <= 7; other++) {
			struct seccomp_data data = { .arch = ARCHITECTURE, .args = { [2] = edges[i], [5] = other } };
			uint32_t wanted = holds(first, edges[i]) ? 1 : holds(second, edges[i]) && other == 7 ? 2 : 3;
			expect("conditions", interpret(program, &data), wanted);
		}
	}
	struct seccomp_data foreign = { .arch = ARCHITECTURE + 1 };
	expect("another ABI", interpret(program, &foreign), 4);
}

static void check_conditions(void)
{
	for (int comparison = COMPARE_NE; comparison <= COMPARE_MASKED; comparison++) {
		for (size_t i = 0; i < N_EDGES; i++) {
			const struct condition first = { 2, (enum comparison)comparison, edges[i], edges[(i * 5 + 3) % N_EDGES] };
			const struct condition second = { 2, (enum comparison)((comparison + 3) % 7), edges[(i + 4) % N_EDGES],
							  UINT64_MAX };
			check_pair(&first, &second);
		}
	}
}

/* Each number has its own verdict, and those beyond the table the last one. */
static void check_search(size_t count)
{
	static struct verdict each[SECCOMP_MAX_NUMBER];
	const struct verdict *verdicts[SECCOMP_MAX_NUMBER] = { NULL };
	struct program *program = seccomp_begin();

	for (size_t i = 0; i < count; i++) {
		each[i].action = (uint32_t)i + 10;
		verdicts[i] = &each[i];
	}
	seccomp_add(program, ARCHITECTURE, verdicts, count);
	for (size_t number = 0; number < count + 40; number++) {
		struct seccomp_data data = { .nr = (int)number, .arch = ARCHITECTURE };
		expect("search", interpret(program, &data), (uint32_t)(number < count ? number : count - 1) + 10);
	}
	struct seccomp_data x32 = { .nr = 0x40000000, .arch = ARCHITECTURE };
	expect("a private call", interpret(program, &x32), (uint32_t)count + 9);
}

int main(void)
{
	check_conditions();
	check_search(1);
	check_search(2);
	check_search(777);
	printf("%u checks of the filter compiler, %u failed\n", checks, failures);
	return failures == 0 ? 0 : 1;
}
