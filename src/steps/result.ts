// SPDX-License-Identifier: Apache-2.0
// The result that filesystem steps leave: a snapshot by id, or nothing (scratch).

import { isRecord } from "../base/index.js";
import type { Result } from "../solve/index.js";
import type { SnapshotId, Snapshots } from "../snapshot/index.js";

/** `null` is the empty root filesystem. */
export type SnapshotResult = { readonly snapshot: SnapshotId } | null;

/** The snapshot of a result, or null for scratch. */
export function snapshotOf(result: Result | undefined): SnapshotId | null {
  if (isRecord(result) && typeof result["snapshot"] === "string")
    return result["snapshot"] as SnapshotId;
  if (result === null) return null;
  throw new TypeError("a filesystem step was given something that is not a snapshot");
}

/** Whether the snapshot of a remembered result is still there; if so, it stays for the rest of the build. */
export async function snapshotUsable(snapshots: Snapshots, result: Result): Promise<boolean> {
  const id = snapshotOf(result);
  return id === null || (await snapshots.hold(id));
}
