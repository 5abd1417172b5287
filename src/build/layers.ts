// SPDX-License-Identifier: Apache-2.0
// The layers of snapshots: diffed, hashed and compressed at most once, beside the steps that still run, and remembered.

import { Readable, type Writable } from "node:stream";
import pLimit from "p-limit";
import { TsbuildError, defined, isTsbuildError } from "../base/index.js";
import {
  decompressed,
  packLayer,
  SMALL_LAYER,
  takesProgram,
  TOC_DIGEST_ANNOTATION,
} from "../layer/index.js";
import {
  asDiffId,
  digestFromHex,
  layerCompression,
  layerMediaType,
  type Descriptor,
  type DiffId,
  type LayerCompression,
} from "../oci/index.js";
import {
  findCompressor,
  type Compressor,
  type Root,
  type Sandbox,
  type StackRoot,
  type StreamResult,
} from "../sandbox/index.js";
import type { Snapshot, SnapshotId, Snapshots } from "../snapshot/index.js";
import type { Store, Table } from "../store/index.js";
import type { BuiltLayer, ImageLayer } from "./assemble.js";

/** How layers are to be written. */
export interface LayerForm {
  readonly compression: LayerCompression;
  readonly level?: number;
  /** Layers of base images too, when they came in another compression. */
  readonly force: boolean;
  /** Clamp times inside to this many seconds since the epoch. */
  readonly clampTime?: number;
}

/** The name of the table of packed layers, by snapshot and form. */
export const layerTable = "layers";

/** What is remembered of a packed layer. */
export interface RememberedLayer {
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
  readonly form: LayerForm;
  readonly #signal: AbortSignal;
  readonly #table: Table<RememberedLayer>;
  readonly #packing = new Map<SnapshotId, Promise<BuiltLayer>>();
  readonly #offered = new Map<string, Uint8Array>();
  /** Layers whose packing began before their states were there. */
  readonly #begun = new Map<string, Promise<RememberedLayer>>();
  /** Layers that were written without a state, until that is on record. */
  readonly #direct = new Map<string, RememberedLayer>();
  readonly #limit = pLimit(packedAtOnce);
  readonly #program: Compressor | undefined;

  constructor(
    rooms: { readonly store: Store; readonly sandbox: Sandbox; readonly snapshots: Snapshots },
    form: LayerForm,
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.form = form;
    const { compression } = form;
    this.#program =
      compression === "gzip" || compression === "zstd" ? findCompressor(compression) : undefined;
    this.#signal = signal;
    this.#table = rooms.store.table<RememberedLayer>(layerTable);
  }

  /** The layer of a snapshot against its parent. May be called early, and again for the same result. */
  layer(id: SnapshotId): Promise<BuiltLayer> {
    let packing = this.#packing.get(id);
    if (packing === undefined) {
      const pack = (): Promise<BuiltLayer> => this.#layer(this.#rooms.snapshots.get(id));
      // One that has begun has its turn already.
      packing = this.#begun.has(id) ? pack() : this.#limit(pack);
      this.#packing.set(id, packing);
      // Whoever needs the layer sees the failure; a layer that nobody asks for again must not end the process.
      packing.catch(() => undefined);
    }
    return packing;
  }

  /** All states above `below`, as one layer. Its time is that of the last of them. */
  async squashed(id: SnapshotId, below: SnapshotId | null): Promise<BuiltLayer> {
    const { snapshots, sandbox } = this.#rooms;
    const { createdAt } = snapshots.get(id);
    const key = `${keyOf(id, this.form)} above ${below ?? ""}`;
    const known = this.#table.get(key);
    if (known !== undefined && (await hasBlob(this.#rooms.store, known)))
      return { ...known, createdAt };
    await snapshots.write(id, this.#signal);
    const stack = (state: SnapshotId | null): Root => ({
      kind: "stack",
      lowers: snapshots.stackOf(state),
    });
    const { clampTime } = this.form;
    const tar = sandbox.diff(
      {
        root: stack(id),
        mode: "changes",
        ...(below === null ? {} : { below: stack(below) }),
        ...defined({ clampTime }),
      },
      this.#signal,
    );
    const packed = await this.pack(tar);
    await this.#table.put(key, packed);
    return { ...packed, createdAt };
  }

  /** Packs a layer that is written without its state, which is to get this id. See DirectLayers. */
  async direct(
    id: string,
    bytes: number,
    write: (output?: Writable) => StreamResult,
  ): Promise<RememberedLayer> {
    const packed = await this.#limit(() => this.#packSized(bytes, write));
    // On record when the state is: a build that is killed in between leaves no row that nothing leads to.
    this.#direct.set(id, packed);
    return packed;
  }

  /** Takes the archive of a layer that may be asked for; see DirectLayers. */
  offer(id: string, tar: Uint8Array): void {
    this.#offered.set(id, tar);
  }

  /** Packs a layer that is larger than SMALL_LAYER, and will be asked for when its state is there; see DirectLayers. */
  begin(root: StackRoot): void {
    if (root.upper === undefined) return;
    const packing = this.#limit(() => this.#packSized(SMALL_LAYER + 1, this.#writerOf(root)));
    // Of a step that fails after all nobody wants it.
    packing.catch(() => undefined);
    this.#begun.set(root.upper, packing);
  }

  async #layer(snapshot: Snapshot): Promise<BuiltLayer> {
    const { store } = this.#rooms;
    const key = keyOf(snapshot.id, this.form);
    const known = this.#table.get(key);
    if (known !== undefined && (await hasBlob(store, known)))
      return { ...known, createdAt: snapshot.createdAt };
    const packed = this.#direct.get(snapshot.id) ?? (await this.#packState(snapshot));
    this.#direct.delete(snapshot.id);
    await this.#table.put(key, packed);
    return { ...packed, createdAt: snapshot.createdAt };
  }

  /** A layer of a base image: as it came, or compressed anew when the form insists. */
  async converted(layer: ImageLayer): Promise<ImageLayer> {
    const { compression, level, force } = this.form;
    if (!force || comesIn(layer.descriptor, compression)) return layer;
    const { store } = this.#rooms;
    const key = ["converted", layer.descriptor.digest, compression, level ?? ""].join(" ");
    const known = this.#table.get(key);
    if (known !== undefined && (await hasBlob(store, known))) return known;
    const stream = decompressed(store.blobs.stream(layer.descriptor));
    const { tarId, ...packed } = await this.#limit(() =>
      this.#pack({ stream, done: Promise.resolve() }),
    ).catch(async (error: unknown) => {
      // A damaged blob of the store may not be read to its end, where it would be known.
      if (isTsbuildError(error, "LAYER_COMPRESSION")) await store.blobs.verify(layer.descriptor);
      throw error;
    });
    if (tarId !== layer.diffId)
      throw new TsbuildError(
        "BUILD_BASE_LAYER",
        `a layer of the base image has the diffID ${tarId}, its configuration says ${layer.diffId}`,
      );
    await this.#table.put(key, packed);
    return packed;
  }

  /** Packs an archive that is no state's. Nothing remembers it. */
  pack(tar: StreamResult): Promise<RememberedLayer> {
    return this.#limit(() => this.#compress(tar));
  }

  async #packState(snapshot: Snapshot): Promise<RememberedLayer> {
    const { snapshots } = this.#rooms;
    const begun = this.#begun.get(snapshot.id);
    if (begun !== undefined) return begun;
    const offered = this.#offered.get(snapshot.id);
    this.#offered.delete(snapshot.id);
    if (offered !== undefined)
      return this.#compress({ stream: Readable.from([offered]), done: Promise.resolve() });
    await snapshots.write(snapshot.id, this.#signal);
    const write = this.#writerOf({
      kind: "stack",
      // What was made on an empty tree (COPY --link) is a layer whatever it lies on.
      lowers: snapshot.shared === true ? [] : snapshots.stackOf(snapshot.parent),
      upper: snapshots.get(snapshot.id).dir,
    });
    // What is not known to be large may be small, and that decides about the bytes.
    return this.#compress(write());
  }

  /** Begins the archive of what the upper of a stack changes. */
  #writerOf(root: StackRoot): (output?: Writable) => StreamResult {
    const { clampTime } = this.form;
    const clamp = clampTime === undefined ? {} : { clampTime };
    const request = { root, mode: "layer", ...clamp } as const;
    return (output) => this.#rooms.sandbox.diff(request, this.#signal, output);
  }

  /** `bytes`: how long the archive is, at least. */
  #packSized(bytes: number, write: (output?: Writable) => StreamResult): Promise<RememberedLayer> {
    return this.#program !== undefined && takesProgram(this.form.compression, bytes)
      ? this.#compressBeside(this.#program, write)
      : this.#compress(write());
  }

  /** The bytes go from the helper to the compressor, which writes the blob itself and takes both digests: none passes through here. */
  async #compressBeside(
    program: Compressor,
    write: (output: Writable) => StreamResult,
  ): Promise<RememberedLayer> {
    const { compression, level } = this.form;
    const { diffId, digest, size } = await this.#rooms.store.blobs.receive(async (file) => {
      const { input, done: compressed } = program.open(level, file, this.#signal);
      const { done } = write(input);
      // What the compressor fails with says more than the broken pipe that it leaves.
      done.catch(() => undefined);
      const layer = await compressed;
      await done;
      return {
        diffId: asDiffId(digestFromHex(layer.inputDigest)),
        digest: digestFromHex(layer.digest),
        size: layer.size,
      };
    });
    return { diffId, descriptor: { mediaType: layerMediaType(compression), digest, size } };
  }

  async #compress(tar: Parameters<typeof packLayer>[0]): Promise<RememberedLayer> {
    const { descriptor, diffId } = await this.#pack(tar);
    return { descriptor, diffId };
  }

  async #pack(
    tar: Parameters<typeof packLayer>[0],
  ): Promise<RememberedLayer & { readonly tarId: DiffId }> {
    const { store } = this.#rooms;
    const { compression, level } = this.form;
    const { diffId, tarId, digest, size, annotations } = await packLayer(tar, {
      compression,
      ...defined({ level, program: this.#program }),
      write: (bytes) => store.blobs.write(bytes, { signal: this.#signal }),
      signal: this.#signal,
    });
    const descriptor = {
      mediaType: layerMediaType(compression),
      digest,
      size,
      ...defined({ annotations }),
    };
    return { diffId, tarId, descriptor };
  }
}

function keyOf(id: string, { compression, level, clampTime }: Omit<LayerForm, "force">): string {
  return [id, compression, level ?? "", clampTime ?? ""].join(" ");
}

/** Has it on record that a state's layer came as this blob, so that it need not be packed. */
export async function rememberLayer(
  store: Store,
  id: SnapshotId,
  { descriptor, diffId }: RememberedLayer,
): Promise<void> {
  const known = layerCompression(descriptor.mediaType);
  if (known === undefined) return;
  const compression = comesIn(descriptor, "estargz") ? "estargz" : known;
  const table = store.table<RememberedLayer>(layerTable);
  const key = keyOf(id, { compression });
  if (table.get(key) === undefined) await table.put(key, { descriptor, diffId });
}

/** Whether a layer of a base image is compressed so already. An annotation says it of estargz, which is gzip otherwise. */
function comesIn({ mediaType, annotations }: Descriptor, compression: LayerCompression): boolean {
  const known = layerCompression(mediaType);
  return compression === "estargz"
    ? known === "gzip" && annotations?.[TOC_DIGEST_ANNOTATION] !== undefined
    : known === compression;
}

function hasBlob({ blobs }: Store, { descriptor }: RememberedLayer): Promise<boolean> {
  return blobs.has(descriptor.digest, descriptor.size);
}
