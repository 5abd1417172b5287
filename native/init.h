// SPDX-License-Identifier: Apache-2.0
// A process 1 that reaps what it inherits and hands signals on to the command.
#ifndef TSBUILD_INIT_H
#define TSBUILD_INIT_H

#include <stdbool.h>

/* A sealed copy of this program in memory, to be executed as process 1. -1: reported. */
int init_image(void);
/* In process 1 from its start: signals wait until the image takes them, which hands them on. As process 1 we would lose them. */
void init_hold_signals(void);
/*
 * In process 1, when it has given up everything: the caller goes on in a new process, once process 1 is the image and nothing
 * else. terminal: the new process gets the one on descriptor 0. Returns in the new process only; failures are reported and end both.
 */
void init_split(int image, bool terminal);
/* Whether we are such a copy. */
bool init_is_sealed(void);
/* Process 1, from its start to the end of the command, whose pid is the argument. */
int init_main(int argc, char **argv);

#endif
