// SPDX-License-Identifier: Apache-2.0
// The codes of this room.

export const snapshotErrorCodes = {
  SNAPSHOT_NOT_FOUND:
    "A state of a root filesystem is no longer in the store (it was pruned while in use).",
  SNAPSHOT_UNUSABLE: "A layer that a cache gave for a step cannot be unpacked.",
} as const;
