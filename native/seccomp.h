// SPDX-License-Identifier: Apache-2.0
// The system call filter of a step. The policy is data (seccomp.gen.h); this compiles it to BPF and loads it.
#ifndef TSBUILD_SECCOMP_H
#define TSBUILD_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

/* What happens to a call whose capabilities are not held. */
enum otherwise {
	OTHERWISE_EPERM, /* also the fate of every call that is not in the table */
	OTHERWISE_ALLOW,
	OTHERWISE_ENOSYS,
	OTHERWISE_CLONE,
	OTHERWISE_SOCKET,
	OTHERWISE_PERSONALITY,
};

struct syscall_rule {
	int number;
	uint64_t capabilities; /* any of them allows the call */
	enum otherwise otherwise;
};

#define CAP_BIT(capability) (UINT64_C(1) << (capability))

struct syscall_table {
	uint32_t architecture; /* AUDIT_ARCH_* */
	const struct syscall_rule *rules;
	size_t n_rules;
};

/* The machine's own ABI, and its 32-bit one where we know it (n_rules 0 otherwise). */
extern const struct syscall_table seccomp_native;
extern const struct syscall_table seccomp_compat;

/* Loads the filter for a step that holds these capabilities. Needs CAP_SYS_ADMIN or no_new_privs. -1: errno. */
int seccomp_load(uint64_t capabilities);

#endif
