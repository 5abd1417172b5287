// SPDX-License-Identifier: Apache-2.0
// Unpacking an image's layers: several at once, each into a directory of its own, then put on top of one another.

import pLimit from "p-limit";
import { readLayer } from "../layer/index.js";
import { chainIds, hexOf } from "../oci/index.js";
import type { ApplyResult } from "../sandbox/index.js";
import type { SnapshotRooms } from "./lineage.js";
import type {
  Draft,
  Snapshot,
  SnapshotId,
  Snapshots,
  UnpackLayer,
  UnpackOptions,
} from "./types.js";

/** Layers unpacked at once: each keeps about one core busy. */
const unpackedAtOnce = 2;

interface Recorder extends Snapshots {
  record(snapshot: Snapshot): Promise<SnapshotId>;
}

/** A layer's state is named by its chainID: all that is below it, and itself. */
function snapshotIdOf(chainId: Parameters<typeof hexOf>[0]): SnapshotId {
  return `i-${hexOf(chainId).slice(0, 48)}` as SnapshotId;
}

export async function unpackLayers(
  { store, sandbox }: SnapshotRooms,
  snapshots: Recorder,
  layers: readonly UnpackLayer[],
  options: UnpackOptions,
): Promise<SnapshotId | null> {
  const ids = chainIds(layers.map(({ diffId }) => diffId)).map(snapshotIdOf);
  const top = ids.at(-1);
  if (top === undefined) return null;
  if (snapshots.has(top)) return top;
  await using _lock = await store.lock(`unpack:${top}`, { signal: options.signal });
  const missing = layers.flatMap((layer, i) => {
    const id = ids[i];
    return id === undefined || snapshots.has(id) ? [] : [{ layer, id, parent: ids[i - 1] ?? null }];
  });
  const total = missing.reduce((sum, { layer }) => sum + layer.descriptor.size, 0);
  let current = 0;

  const drafts: Draft[] = [];
  try {
    const limit = pLimit(unpackedAtOnce);
    const unpackOne = async ({
      layer,
      id,
      parent,
    }: (typeof missing)[number]): Promise<Unpacked> => {
      options.signal.throwIfAborted();
      const draft = await snapshots.prepare(parent);
      drafts.push(draft);
      const blob = counted(options.blob(layer.descriptor), (count) =>
        options.onProgress?.((current += count), total),
      );
      const result = await sandbox.apply(
        {
          root: { kind: "stack", lowers: [], upper: draft.dir },
          path: "",
          mode: "layer",
          owner: { kind: "keep" },
          madeTime: 0,
        },
        readLayer(blob, layer),
        options.signal,
      );
      return { layer, id, draft, result };
    };
    const unpacking = missing.map((one) => limit(() => unpackOne(one)));
    // All must have ended before a failure is cleaned up after.
    await Promise.allSettled(unpacking);
    const unpacked = await Promise.all(unpacking);
    // From the bottom up: a directory that a layer only passes through looks like the one below it.
    for (const { layer, id, draft, result } of unpacked) {
      if (result.impliedDirectories.length > 0)
        await sandbox.inheritDirectories(
          draft.dir,
          snapshots.stackOf(draft.parent),
          result.impliedDirectories,
          options.signal,
        );
      await snapshots.record({
        id,
        parent: draft.parent,
        dir: draft.dir,
        createdAt: Date.now(),
        diffId: layer.diffId,
      });
      drafts.splice(drafts.indexOf(draft), 1);
    }
  } catch (error) {
    await Promise.all(drafts.map((draft) => snapshots.discard(draft)));
    throw error;
  }
  return top;
}

interface Unpacked {
  readonly layer: UnpackLayer;
  readonly id: SnapshotId;
  readonly draft: Draft;
  readonly result: ApplyResult;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}
