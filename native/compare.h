// SPDX-License-Identifier: Apache-2.0
// Whether an entry differs from the one below in anything that a layer can say.
#pragma once

#include <sys/stat.h>

#include "entry.h"

/// The entry called `name` in `lower` (-1: no directory). 1: there is one, 0: none or a deletion, -1 with errno.
int look_below(int lower, const char *name, struct stat *status);

/// As `entry_unchanged`, without looking at the bytes of files.
int alike(int upper, int lower, const char *name, const struct entry *entry, struct stat *below);
#define CONTENT_DECIDES 2

/// 1: `entry`, called `name` in `upper`, is as the one below (`below`, from look_below), 0: changed, -1 with errno.
int entry_unchanged(int upper, int lower, const char *name, const struct entry *entry, struct stat *below);
