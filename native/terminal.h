// SPDX-License-Identifier: Apache-2.0
// The terminal of a command, in a devpts of its own, and the user's terminal that it is joined to.
#ifndef TSBUILD_TERMINAL_H
#define TSBUILD_TERMINAL_H

#include "user.h"

struct terminal {
	int mount; /* the devpts, detached until the command's root has a place for it; -1: there is no terminal */
	int master, slave;
	char name[16]; /* of the slave, in that devpts */
};

/* A detached devpts of its own. -1: errno. */
int pts_new(void);
/* A devpts with one terminal, the user's, as large as ours. -1: reported. */
int terminal_open(struct terminal *terminal, const struct user *user);
/* Gives the terminal the size of ours, if we have one. */
void terminal_resize(const struct terminal *terminal);

/* Our own terminal (descriptor 0, if it is one): every key goes to the command as it is. */
void terminal_make_raw(void);
/* As it was before; nothing when someone else has changed it since. */
void terminal_restore(void);

#endif
