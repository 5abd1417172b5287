// SPDX-License-Identifier: Apache-2.0
// A state of which only the layer was kept gets its files: somebody needs them after all.

import { readLayer } from "../layer/index.js";
import type { SnapshotRooms } from "./lineage.js";
import type { Snapshot, SnapshotId, Snapshots } from "./types.js";

interface Recorder extends Snapshots {
  now(id: SnapshotId): Snapshot;
  record(snapshot: Snapshot): Promise<SnapshotId>;
}

/** Unpacks the layer of a state whose parents are written. Another process that does the same is waited for. */
export async function writeLayer(
  { store, sandbox }: SnapshotRooms,
  snapshots: Recorder,
  id: SnapshotId,
  signal: AbortSignal,
): Promise<void> {
  await using _lock = await store.lock(`write:${id}`, { signal });
  const { unwritten, parent, createdAt, shared } = snapshots.now(id);
  if (unwritten === undefined) return;
  const draft = await snapshots.prepare(parent);
  try {
    const lowers = shared === true ? [] : snapshots.stackOf(parent);
    const { impliedDirectories } = await sandbox.apply(
      {
        root: { kind: "stack", lowers: [], upper: draft.dir },
        path: "",
        mode: "layer",
        ...(lowers.length === 0 ? {} : { below: { kind: "stack", lowers } }),
        owner: { kind: "keep" },
        madeTime: 0,
      },
      readLayer(store.blobs.stream(unwritten.descriptor), { diffId: unwritten.diffId }),
      signal,
    );
    await sandbox.inheritDirectories(draft.dir, lowers, impliedDirectories, signal);
    await snapshots.record({
      id,
      parent,
      dir: draft.dir,
      createdAt,
      ...(shared === true ? { shared } : {}),
    });
  } catch (error) {
    await snapshots.discard(draft);
    throw error;
  }
}
