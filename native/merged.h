// SPDX-License-Identifier: Apache-2.0
// Layers as one tree without overlayfs: by copying. Reading needs a copy of all layers, which is kept beside the topmost one;
// writing needs another one, a draft, whose changes become the upper directory when it is closed.
#pragma once

#include "spec.h"

/// A descriptor of the merged tree of a stack (its upper is the topmost layer). -1 with errno.
int merged_open(const struct root *root, int layers);

/// A descriptor of a copy of the layers below, with what the upper (a descriptor of its tree) has already. -1 with errno.
int merged_draft(const struct root *root, int layers, int upper);

/// What was changed in the draft of this upper becomes its content. No draft: 0. -1 with errno.
int merged_commit(const struct root *root, int layers);

/// Removes copies that an upper which is written to makes outdated. 0, or -1 with errno.
int merged_forget(int layers, const char *upper);
