// SPDX-License-Identifier: Apache-2.0
// The system call policy with the numbers of the machine's own ABI.

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/capability.h>

#include "seccomp.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "name this architecture's AUDIT_ARCH_ constant here"
#endif

static const struct syscall_rule rules[] = {
#define SYSCALL(name, capabilities, otherwise) { #name, __NR_##name, capabilities, otherwise },
#include "seccomp.gen.h"
#undef SYSCALL
};

const struct syscall_table seccomp_native = { ARCHITECTURE, rules, sizeof(rules) / sizeof(rules[0]) };
