// SPDX-License-Identifier: Apache-2.0
// Sees to it that a step does not outlive its parent.
#ifndef TSBUILD_GUARD_H
#define TSBUILD_GUARD_H

#include <sys/types.h>

struct guard {
	pid_t pid; /* 0: there is none */
	int line;  /* its other end is the guard's: when all of us is gone, the guard hears of it */
};

/* Starts a process that kills `process` (a pidfd) when this one is gone, however it went. -1: reported. */
int guard_start(struct guard *guard, int process);
/* Tells it that the step has ended. */
void guard_dismiss(struct guard *guard);
/* Waits until it is gone. */
void guard_wait(struct guard *guard);

#endif
