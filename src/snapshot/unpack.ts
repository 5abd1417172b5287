// SPDX-License-Identifier: Apache-2.0
// Unpacking an image's layers: several at once, each into a directory of its own, then put on top of one another.

import { counted, defined, eachAtOnce, isTsbuildError } from "../base/index.js";
import { readLayer } from "../layer/index.js";
import { chainIds, hexOf, type Descriptor } from "../oci/index.js";
import type { ApplyResult, LayerDirId, Root } from "../sandbox/index.js";
import { isRefusal } from "./errors.js";
import type {
  Draft,
  Snapshot,
  SnapshotId,
  SnapshotRooms,
  Snapshots,
  UnpackLayer,
  UnpackOptions,
} from "./types.js";

/** Layers unpacked at once: each keeps about one core busy. */
const unpackedAtOnce = 2;

interface Recorder extends Snapshots {
  record(snapshot: Snapshot): Promise<SnapshotId>;
}

interface Missing {
  readonly layer: UnpackLayer;
  readonly id: SnapshotId;
  readonly parent: SnapshotId | null;
}

interface Unpacked extends Missing {
  readonly draft: Draft;
  /** Undefined: it has hard links to files that only the layers below have, and must wait for those. */
  readonly result: ApplyResult | undefined;
}

/** A layer's state is named by its chainID: all that is below it, and itself. */
export function statesOf<L extends UnpackLayer>(
  layers: readonly L[],
): readonly { readonly layer: L; readonly id: SnapshotId; readonly parent: SnapshotId | null }[] {
  const ids = chainIds(layers.map(({ diffId }) => diffId)).map(
    (chainId) => `i-${hexOf(chainId).slice(0, 48)}` as SnapshotId,
  );
  return layers.flatMap((layer, i) => {
    const id = ids[i];
    return id === undefined ? [] : [{ layer, id, parent: ids[i - 1] ?? null }];
  });
}

export async function unpackLayers(
  rooms: SnapshotRooms,
  snapshots: Recorder,
  layers: readonly UnpackLayer[],
  options: UnpackOptions,
): Promise<SnapshotId | null> {
  const states = statesOf(layers);
  const top = states.at(-1)?.id;
  if (top === undefined) return null;
  if (await snapshots.hold(top)) return top;
  await using _lock = await rooms.store.lock(`unpack:${top}`, { signal: options.signal });
  const missing: Missing[] = [];
  for (const state of states) if (!(await snapshots.hold(state.id))) missing.push(state);
  await new Unpacking(rooms, snapshots, options, missing).run();
  return top;
}

class Unpacking {
  readonly #rooms: SnapshotRooms;
  readonly #snapshots: Recorder;
  readonly #options: UnpackOptions;
  readonly #missing: readonly Missing[];
  readonly #drafts = new Set<Draft>();
  readonly #total: number;
  #current = 0;

  constructor(
    rooms: SnapshotRooms,
    snapshots: Recorder,
    options: UnpackOptions,
    missing: readonly Missing[],
  ) {
    this.#rooms = rooms;
    this.#snapshots = snapshots;
    this.#options = options;
    this.#missing = missing;
    this.#total = missing.reduce((sum, { layer }) => sum + layer.descriptor.size, 0);
  }

  async run(): Promise<void> {
    const unpacked: Unpacked[] = [];
    const { signal } = this.#options;
    try {
      await eachAtOnce(this.#missing.entries(), unpackedAtOnce, signal, async ([i, one], own) => {
        unpacked[i] = await this.#unpackOne(one, own);
      });
      // From the bottom up: a directory that a layer only passes through looks like the one below it.
      for (const one of unpacked) await this.#putOnTop(one);
    } catch (error) {
      await Promise.all([...this.#drafts].map((draft) => this.#snapshots.discard(draft)));
      throw error;
    }
  }

  async #unpackOne(missing: Missing, signal: AbortSignal): Promise<Unpacked> {
    const draft = await this.#prepare(missing.parent);
    try {
      return { ...missing, draft, result: await this.#apply(missing.layer, draft.dir, signal) };
    } catch (error) {
      if (!isTsbuildError(error, "SANDBOX_LINK_TARGET") || missing.parent === null) throw error;
      return { ...missing, draft, result: undefined };
    }
  }

  async #putOnTop({ layer, id, parent, draft, result }: Unpacked): Promise<void> {
    const { sandbox } = this.#rooms;
    const { signal } = this.#options;
    const lowers = this.#snapshots.stackOf(parent);
    let own = draft;
    let applied = result;
    if (applied === undefined) {
      await this.#drop(draft);
      own = await this.#prepare(parent);
      applied = await this.#apply(layer, own.dir, signal, { kind: "stack", lowers });
    }
    const seen = applied.opaque ? [] : lowers;
    await sandbox.inheritDirectories(own.dir, seen, applied.impliedDirectories, signal);
    await this.#snapshots.record({
      id,
      parent,
      dir: own.dir,
      createdAt: Date.now(),
      diffId: layer.diffId,
      ...(applied.opaque ? { opaque: true } : {}),
    });
    this.#drafts.delete(own);
  }

  async #apply(
    layer: UnpackLayer,
    dir: LayerDirId,
    signal: AbortSignal,
    below?: Root,
  ): Promise<ApplyResult> {
    // A layer that is read again counts once.
    const blob = counted(this.#options.blob(layer.descriptor), (count) => {
      if (below === undefined) this.#options.onProgress?.((this.#current += count), this.#total);
    });
    const { sandbox } = this.#rooms;
    try {
      return await sandbox.apply(
        {
          root: { kind: "stack", lowers: [], upper: dir },
          path: "",
          mode: "layer",
          ...defined({ below }),
          owner: { kind: "keep" },
          madeTime: 0,
        },
        readLayer(blob, { diffId: layer.diffId }),
        signal,
      );
    } catch (error) {
      if (isRefusal(error)) await this.#checkStored(layer.descriptor);
      throw error;
    }
  }

  /** A blob of the store is known by its end, and a damaged one may not be read so far. Throws STORE_CORRUPT. */
  async #checkStored(blob: Descriptor): Promise<void> {
    const { blobs } = this.#rooms.store;
    if (await blobs.has(blob.digest, blob.size)) await blobs.verify(blob);
  }

  async #prepare(parent: SnapshotId | null): Promise<Draft> {
    const draft = await this.#snapshots.prepare(parent);
    this.#drafts.add(draft);
    return draft;
  }

  async #drop(draft: Draft): Promise<void> {
    await this.#snapshots.discard(draft);
    this.#drafts.delete(draft);
  }
}
