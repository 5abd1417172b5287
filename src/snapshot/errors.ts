// SPDX-License-Identifier: Apache-2.0
// The codes of this room, and which errors of others mean that an archive is at fault.

import { isTsbuildError, type TsbuildError } from "../base/index.js";

export const snapshotErrorCodes = {
  SNAPSHOT_NOT_FOUND:
    "A state of a root filesystem is no longer in the store (it was pruned while in use).",
  SNAPSHOT_UNUSABLE: "A layer that a cache gave for a step cannot be unpacked.",
} as const;

/** Whether an archive is at fault, and not this machine. */
export function isRefusal(error: unknown): error is TsbuildError {
  const codes = /^(?:LAYER_|SANDBOX_(?:BAD_ENTRY|LINK_TARGET|WHITEOUT_NAME)$)/;
  return isTsbuildError(error) && codes.test(error.code);
}
