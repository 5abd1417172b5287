// SPDX-License-Identifier: Apache-2.0
// Whether data repeats itself within the reach of deflate, by a look that costs little of what compressing does.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define REPEATS_UNIT 4096 // bytes of which one answer is given
#define REPEATS_MAX (1u << 20) // bytes that are looked at together

/// Looks at up to REPEATS_MAX bytes. `repeats` has an answer for each unit; false: hardly anything in it was seen before, in the 32
/// KiB that deflate can refer to. A shorter unit at the end is as the one before it, or true.
void repeats_find(const unsigned char *data, size_t size, bool *repeats);
