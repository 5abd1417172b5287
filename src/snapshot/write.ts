// SPDX-License-Identifier: Apache-2.0
// Files of a layer that is in the store: of a state of which only that was kept, or apart from all states.

import { TsbuildError } from "../base/index.js";
import { readLayer } from "../layer/index.js";
import type { ApplyResult, LayerDirId } from "../sandbox/index.js";
import { isRefusal } from "./errors.js";
import type {
  Draft,
  Snapshot,
  SnapshotId,
  SnapshotRooms,
  Snapshots,
  UnpackLayer,
} from "./types.js";

interface Recorder extends Snapshots {
  now(id: SnapshotId): Snapshot;
  record(snapshot: Snapshot): Promise<SnapshotId>;
}

/**
 * Unpacks the layer of a state whose parents are written. Another process that does the same is waited for. Errors:
 * SNAPSHOT_UNUSABLE, with the state's directory as `path` and the layer's `digest`.
 */
export async function writeLayer(
  rooms: SnapshotRooms,
  snapshots: Recorder,
  id: SnapshotId,
  signal: AbortSignal,
): Promise<void> {
  const { store, sandbox } = rooms;
  await using _lock = await store.lock(`write:${id}`, { signal });
  const { unwritten, parent, dir, createdAt, shared } = snapshots.now(id);
  if (unwritten === undefined) return;
  const draft = await snapshots.prepare(parent);
  try {
    const lowers = shared === true ? [] : snapshots.stackOf(parent);
    const { impliedDirectories, opaque } = await applied(
      rooms,
      unwritten,
      draft.dir,
      lowers,
      signal,
    );
    const seen = opaque ? [] : lowers;
    await sandbox.inheritDirectories(draft.dir, seen, impliedDirectories, signal);
    await snapshots.record({
      id,
      parent,
      dir: draft.dir,
      createdAt,
      ...(shared === true ? { shared } : {}),
      ...(opaque ? { opaque } : {}),
    });
  } catch (error) {
    await snapshots.discard(draft);
    throw isRefusal(error) ? unusable(dir, unwritten, error) : error;
  }
}

function unusable(path: LayerDirId, layer: UnpackLayer, cause: TsbuildError): TsbuildError {
  const { digest } = layer.descriptor;
  return new TsbuildError(
    "SNAPSHOT_UNUSABLE",
    `the layer ${digest} of a cached step cannot be unpacked: ${cause.message}`,
    { details: { path, digest }, cause },
  );
}

/** Unpacks a layer into a draft that is to be no state: for whoever wants the files alone. They are discarded with the draft. */
export async function unpackApart(
  rooms: SnapshotRooms,
  snapshots: Snapshots,
  layer: UnpackLayer,
  signal: AbortSignal,
): Promise<Draft> {
  const draft = await snapshots.prepare(null);
  try {
    await applied(rooms, layer, draft.dir, [], signal);
    return draft;
  } catch (error) {
    await snapshots.discard(draft);
    throw error;
  }
}

function applied(
  { store, sandbox }: SnapshotRooms,
  { descriptor, diffId }: UnpackLayer,
  upper: LayerDirId,
  lowers: readonly LayerDirId[],
  signal: AbortSignal,
): Promise<ApplyResult> {
  return sandbox.apply(
    {
      root: { kind: "stack", lowers: [], upper },
      path: "",
      mode: "layer",
      ...(lowers.length === 0 ? {} : { below: { kind: "stack", lowers } }),
      owner: { kind: "keep" },
      madeTime: 0,
    },
    readLayer(store.blobs.stream(descriptor), { diffId }),
    signal,
  );
}
