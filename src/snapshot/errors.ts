// SPDX-License-Identifier: Apache-2.0
// The codes of this room.

export const snapshotErrorCodes = {
  SNAPSHOT_NOT_FOUND:
    "A state of a root filesystem is no longer in the store (it was pruned while in use).",
  SNAPSHOT_IN_USE: "A state of a root filesystem cannot be removed: another one stands on it.",
} as const;
