// SPDX-License-Identifier: Apache-2.0
// The system call policy with the numbers of 32-bit programs, on machines that run those.

#include "seccomp.h"

#if defined(__x86_64__)

#include <asm/unistd_32.h>
#include <linux/audit.h>
#include <linux/capability.h>

static const struct syscall_rule rules[] = {
#define SYSCALL(name, capabilities, otherwise) { #name, __NR_##name, capabilities, otherwise },
#include "seccomp.gen.h"
#undef SYSCALL
};

const struct syscall_table seccomp_compat = { AUDIT_ARCH_I386, rules, sizeof(rules) / sizeof(rules[0]) };

#else

const struct syscall_table seccomp_compat;

#endif
