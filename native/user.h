// SPDX-License-Identifier: Apache-2.0
// Who `user[:group]` is, by the image's own /etc/passwd and /etc/group. No C library look-ups: those would load the
// image's or the host's modules.
#ifndef TSBUILD_USER_H
#define TSBUILD_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "spec.h"

struct user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* the primary group first */
	size_t n_groups;
	char *home; /* "/" when unknown */
	char *name; /* "" when unknown */
};

/* Looks up `""`, `user`, `user:group`, names or numbers. -1: reported. The strings are the caller's. */
int user_lookup(int rootfd, const char *spec, struct user *out);

/* Adds the groups that the request names beside the user's own. -1: reported. */
int user_add_groups(int rootfd, const struct spec *request, struct user *user);

#endif
