// SPDX-License-Identifier: Apache-2.0
// Snapshots: states of a root filesystem, each one layer directory on top of a parent. Ids only; no paths.

import type { Descriptor, DiffId } from "../oci/index.js";
import type { LayerDirId, Sandbox } from "../sandbox/index.js";
import type { Store } from "../store/index.js";

/** What snapshots stand on. `signal` ends the removal of what is no longer needed. */
export interface SnapshotRooms {
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
}

declare const snapshotBrand: unique symbol;

/** Names a committed state. Never reused for another one. */
export type SnapshotId = string & { readonly [snapshotBrand]: true };

/** A state in the making: `dir` takes the writes on top of `parent` (null: nothing). */
export interface Draft {
  readonly parent: SnapshotId | null;
  readonly dir: LayerDirId;
}

/** A committed state. */
export interface Snapshot {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | null;
  readonly dir: LayerDirId;
  /** Milliseconds since the epoch at which it was committed. */
  readonly createdAt: number;
  /** Set for layers that came with an image. */
  readonly diffId?: DiffId;
  /**
   * Set for what was made on an empty tree and put here (COPY --link): its layer is the whole directory, whatever the
   * parent has. Diff it without lowers.
   */
  readonly shared?: true;
  /** Set when nothing of the parent is left in it, by a mark at the top of its layer: its stack begins here. */
  readonly opaque?: true;
  /** Set while only the layer is in the store: `dir` is not there until somebody needs the files (see Snapshots.write). */
  readonly unwritten?: UnpackLayer;
}

/** A layer of an image to unpack. */
export interface UnpackLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

export interface Snapshots {
  has(id: SnapshotId): boolean;
  /** Whether a state is there. If it is, it stays, with all that it stands on, until the store is closed. */
  hold(id: SnapshotId): Promise<boolean>;
  /** Errors: SNAPSHOT_NOT_FOUND. */
  get(id: SnapshotId): Snapshot;
  /**
   * The layer directories of a state, bottom first, without those of which nothing is left; none for null. A directory that
   * the lineage has twice stands where it is uppermost: that one hides all of the other, and overlayfs takes no directory
   * twice. All of the state must be written (see write).
   */
  stackOf(id: SnapshotId | null): readonly LayerDirId[];
  /** The states from the bottom up to `id`. */
  lineage(id: SnapshotId | null): readonly Snapshot[];
  /** A fresh layer directory id on top of a state. The helper makes the directory when it first writes. */
  prepare(parent: SnapshotId | null): Promise<Draft>;
  /** Makes the draft a state of its own. */
  commit(draft: Draft): Promise<SnapshotId>;
  /** The same layer directory on another parent (COPY --link). The same pair always gives the same id. */
  commitShared(parent: SnapshotId | null, dir: LayerDirId): Promise<SnapshotId>;
  /** Makes the draft a state of which only the layer exists so far. `shared`: see Snapshot. */
  commitLayer(
    draft: Draft,
    layer: UnpackLayer,
    options: { readonly shared: boolean },
  ): Promise<SnapshotId>;
  /**
   * The state that layers make, of which only those layers exist so far. `bring` sees to it that a layer is in the store, and is
   * what it is said to be; it is called for those whose states are not there. `createdAt`: milliseconds since the epoch.
   */
  adopt<L extends UnpackLayer & { readonly createdAt: number }>(
    layers: readonly L[],
    bring: (layer: L, id: SnapshotId) => Promise<void>,
  ): Promise<SnapshotId | null>;
  /** Sees to it that the files of a state are there, with those of all that it stands on: unpacks layers if need be. */
  write(id: SnapshotId | null, signal: AbortSignal): Promise<void>;
  /** The files of a layer that is in the store, in a draft of their own that is to be no state. Errors: LAYER_*, SANDBOX_*. */
  unpackApart(layer: UnpackLayer, signal: AbortSignal): Promise<Draft>;
  /** Removes a draft and what was written. */
  discard(draft: Draft): Promise<void>;
  /**
   * The state that an image's layers make, unpacking what is missing, several layers at once. `blob` gives a layer's
   * compressed bytes (from the store; verified). Errors: LAYER_*, SANDBOX_*, what `blob` throws.
   */
  unpack(layers: readonly UnpackLayer[], options: UnpackOptions): Promise<SnapshotId | null>;
  /**
   * Removes the directories of states that a prune has taken off the record (see takeOffRecord): this may take long, and goes
   * on with the next command when this process dies.
   */
  removeDirs(dirs: readonly LayerDirId[]): Promise<void>;
  /** Takes states off the record whose directory has gone from the disk, and all that stands on them. */
  forget(dir: LayerDirId): Promise<void>;
  /**
   * Makes what was committed before a time (milliseconds since the epoch) survive a loss of power. States that were committed
   * before the machine last started and were never settled are not trusted: their files may be incomplete. Takes as long as the
   * disk needs, for what others have written too; call it when nothing waits. It does not keep this process alive.
   */
  settle(before: number, signal: AbortSignal): Promise<void>;
}

export interface UnpackOptions {
  readonly blob: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Bytes of blobs that were unpacked so far. */
  readonly onProgress?: (current: number, total: number) => void;
}
