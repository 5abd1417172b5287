// SPDX-License-Identifier: Apache-2.0
// The layers of snapshots: diffed, hashed and compressed at most once, beside the steps that still run, and remembered.

import pLimit from "p-limit";
import { packLayer } from "../layer/index.js";
import type { Descriptor, DiffId, LayerCompression } from "../oci/index.js";
import { layerMediaType } from "../oci/index.js";
import { findGzipProgram, type GzipProgram, type Sandbox } from "../sandbox/index.js";
import type { Snapshot, SnapshotId, Snapshots } from "../snapshot/index.js";
import type { Store, Table } from "../store/index.js";
import type { BuiltLayer } from "./assemble.js";

/** How layers are to be written. */
export interface LayerForm {
  readonly compression: LayerCompression;
  readonly level?: number;
  /** Clamp times inside to this many seconds since the epoch. */
  readonly clampTime?: number;
}

interface Remembered {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

/** Layers that are packed at once: packing one keeps about one core busy. */
const packedAtOnce = 2;

export class LayerPacker {
  readonly #rooms: {
    readonly store: Store;
    readonly sandbox: Sandbox;
    readonly snapshots: Snapshots;
  };
  readonly #form: LayerForm;
  readonly #signal: AbortSignal;
  readonly #table: Table<Remembered>;
  readonly #packing = new Map<SnapshotId, Promise<BuiltLayer>>();
  readonly #limit = pLimit(packedAtOnce);
  readonly #gzip: GzipProgram | undefined = findGzipProgram();

  constructor(
    rooms: { readonly store: Store; readonly sandbox: Sandbox; readonly snapshots: Snapshots },
    form: LayerForm,
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.#form = form;
    this.#signal = signal;
    this.#table = rooms.store.table<Remembered>("layers");
  }

  /** The layer of a snapshot against its parent. May be called early, and again for the same result. */
  layer(id: SnapshotId): Promise<BuiltLayer> {
    let packing = this.#packing.get(id);
    if (packing === undefined) {
      packing = this.#limit(() => this.#layer(this.#rooms.snapshots.get(id)));
      this.#packing.set(id, packing);
      // Whoever needs the layer sees the failure; a layer that nobody asks for again must not end the process.
      packing.catch(() => undefined);
    }
    return packing;
  }

  async #layer(snapshot: Snapshot): Promise<BuiltLayer> {
    const { store } = this.#rooms;
    const { compression, level, clampTime } = this.#form;
    const key = [snapshot.id, compression, level ?? "", clampTime ?? ""].join(" ");
    const known = this.#table.get(key);
    if (known !== undefined && (await store.blobs.has(known.descriptor.digest)))
      return { ...known, createdAt: snapshot.createdAt };
    const packed = await this.#pack(snapshot);
    await this.#table.put(key, packed);
    return { ...packed, createdAt: snapshot.createdAt };
  }

  async #pack(snapshot: Snapshot): Promise<Remembered> {
    const { sandbox, snapshots, store } = this.#rooms;
    const { compression, level, clampTime } = this.#form;
    const root = {
      kind: "stack",
      lowers: snapshots.stackOf(snapshot.parent),
      upper: snapshot.dir,
    } as const;
    const tar = sandbox.diff(
      { root, mode: "layer", ...(clampTime === undefined ? {} : { clampTime }) },
      this.#signal,
    );
    const { diffId, digest, size } = await packLayer(tar, {
      compression,
      ...(level === undefined ? {} : { level }),
      ...(this.#gzip === undefined ? {} : { gzip: this.#gzip }),
      write: (bytes) => store.blobs.write(bytes, { signal: this.#signal }),
      signal: this.#signal,
    });
    return { diffId, descriptor: { mediaType: layerMediaType(compression), digest, size } };
  }
}
