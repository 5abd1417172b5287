// SPDX-License-Identifier: Apache-2.0
// A new state on top of another: prepared, written, committed; or thrown away when the writing fails.

import type { Root } from "../sandbox/index.js";
import type { SnapshotId, Snapshots } from "../snapshot/index.js";
import type { SnapshotResult } from "./result.js";

/** Lets `write` change a fresh draft on `parent`, and commits it. A failure leaves nothing behind. */
export async function draftOn(
  { snapshots }: { readonly snapshots: Snapshots },
  parent: SnapshotId | null,
  write: (root: Root) => Promise<void>,
  signal: AbortSignal,
): Promise<SnapshotResult> {
  await snapshots.write(parent, signal);
  const draft = await snapshots.prepare(parent);
  try {
    await write({ kind: "stack", lowers: snapshots.stackOf(parent), upper: draft.dir });
    return { snapshot: await snapshots.commit(draft) };
  } catch (error) {
    await snapshots.discard(draft);
    throw error;
  }
}
