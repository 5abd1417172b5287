// SPDX-License-Identifier: Apache-2.0
// Entering the user namespace (when the request brings id maps) and a private mount namespace.
#ifndef TSBUILD_NS_H
#define TSBUILD_NS_H

#include "spec.h"

/* Descriptors on which our caller may hand us namespaces that a `hold` keeps. */
#define NETWORK_NAMESPACE_FD 5
#define USER_NAMESPACE_FD 6

/*
 * With id maps: a user namespace with those maps, in which we become 0:0; with the field user-namespace, one that is held.
 * Always: a mount namespace of our own with private propagation; but for the field no-namespaces, which only verbs have that start
 * no command. -1: reported. The process must have one thread.
 */
int ns_enter(const struct spec *spec);
/* Joins the network namespace that we were handed. -1: reported. */
int ns_join_network(void);
/* True once ns_enter entered a user namespace, or did without. */
bool ns_is_rootless(void);
/* True once ns_enter did without namespaces: nothing can be mounted. */
bool ns_is_without(void);
/* True when setgroups(2) is forbidden in our user namespace (a single mapped id). */
bool ns_denies_setgroups(void);
/* What to tell the user about an id that our user namespace does not have; NULL for any other error. */
const char *ns_hint_unmapped(int err);

#endif
