// SPDX-License-Identifier: Apache-2.0
// Privileges of a step: capabilities, ids, resource limits.
#ifndef TSBUILD_PRIV_H
#define TSBUILD_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "spec.h"
#include "user.h"

/* The capabilities that the request grants, as a mask, as far as we hold them ourselves. -1: reported. */
int priv_granted(const struct spec *spec, bool all, uint64_t *mask);
/* Sets the request's rlimits. -1: reported. */
int priv_set_limits(const struct spec *spec);
/*
 * Becomes the user with nothing but the granted capabilities in the bounding set. What we hold stays effective, for the
 * last steps before priv_drop. -1: reported.
 */
int priv_become(const struct user *user, uint64_t granted);
/*
 * The last act but exec: the system call filter that the request asks for (none when `unfiltered`), and exactly the final
 * capability sets. -1: reported.
 */
int priv_drop(const struct spec *spec, const struct user *user, uint64_t granted, bool unfiltered);

#endif
