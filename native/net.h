// SPDX-License-Identifier: Apache-2.0
// The network of a step: its loopback interface, and the program that connects its namespace with the outside.
#ifndef TSBUILD_NET_H
#define TSBUILD_NET_H

#include <sys/types.h>

/* Brings up the loopback interface of our network namespace. -1: reported. */
int net_loopback(void);
/*
 * Enters a new network namespace, starts the program (pasta or slirp4netns) in the old one and waits until it has connected ours.
 * Call in a mount namespace of our own. -1: reported; *helper may run.
 */
int net_connect(const char *program, pid_t *helper);
/* Ends the program. */
void net_disconnect(pid_t helper);

#endif
