// SPDX-License-Identifier: Apache-2.0
// Snapshots over a store's tables: records of who stands on whom, drafts with their owners, removal.

import { createHash, randomBytes } from "node:crypto";
import { TsbuildError } from "../base/index.js";
import type { LayerDirId, Sandbox } from "../sandbox/index.js";
import type { Lease, Store, Table } from "../store/index.js";
import type {
  Draft,
  Snapshot,
  SnapshotId,
  Snapshots,
  UnpackLayer,
  UnpackOptions,
} from "./types.js";
import { unpackLayers } from "./unpack.js";

export interface SnapshotRooms {
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
}

/** The name of the table of committed snapshots. */
export const snapshotTable = "snapshots";
/** The name of the table of drafts, by layer directory. */
export const draftTable = "drafts";

/** Opens the snapshots of a store, and removes what builds that died left unfinished. */
export async function createSnapshots(rooms: SnapshotRooms): Promise<Snapshots> {
  await sweepDrafts(rooms);
  return new StoredSnapshots(rooms);
}

/** Drafts whose lease has ended belong to builds that died. */
async function sweepDrafts({ store, sandbox, signal }: SnapshotRooms): Promise<void> {
  const drafts = store.table<DraftRecord>(draftTable);
  const known = [...drafts.entries()].map(([dir]) => dir as LayerDirId);
  if (known.length === 0) return;
  const leased = await store.leased();
  const orphans = known.filter((dir) => !leased.has(dir));
  if (orphans.length === 0) return;
  await sandbox.remove(orphans, signal);
  await drafts.transaction((table) => {
    for (const dir of orphans) table.remove(dir);
  });
}

/** Milliseconds since the epoch. */
interface DraftRecord {
  readonly begunAt: number;
}

class StoredSnapshots implements Snapshots {
  readonly #rooms: SnapshotRooms;
  readonly #table: Table<Snapshot>;
  readonly #drafts: Table<DraftRecord>;
  readonly #known = new Map<SnapshotId, Snapshot>();
  #lease: Promise<Lease> | undefined;

  constructor(rooms: SnapshotRooms) {
    this.#rooms = rooms;
    this.#table = rooms.store.table<Snapshot>(snapshotTable);
    this.#drafts = rooms.store.table<DraftRecord>(draftTable);
  }

  has(id: SnapshotId): boolean {
    return this.#find(id) !== undefined;
  }

  get(id: SnapshotId): Snapshot {
    const found = this.#find(id);
    if (found === undefined)
      throw new TsbuildError("SNAPSHOT_NOT_FOUND", `snapshot ${id} is not in the store`, {
        hint: "Was the store pruned while this build ran? Build again.",
      });
    return found;
  }

  #find(id: SnapshotId): Snapshot | undefined {
    let found = this.#known.get(id);
    if (found === undefined) {
      found = this.#table.get(id);
      if (found !== undefined) this.#known.set(id, found);
    }
    return found;
  }

  lineage(id: SnapshotId | null): readonly Snapshot[] {
    const states: Snapshot[] = [];
    for (let at = id; at !== null;) {
      const state = this.get(at);
      states.push(state);
      at = state.parent;
    }
    return states.reverse();
  }

  stackOf(id: SnapshotId | null): readonly LayerDirId[] {
    return this.lineage(id).map(({ dir }) => dir);
  }

  async prepare(parent: SnapshotId | null): Promise<Draft> {
    const dir = newDir();
    // The lease comes first: a draft on record without a lease is taken for an orphan.
    this.#lease ??= this.#rooms.store.lease();
    await (await this.#lease).add(dir);
    await this.#drafts.put(dir, { begunAt: Date.now() });
    return { parent, dir };
  }

  async commit({ parent, dir }: Draft): Promise<SnapshotId> {
    return this.record({ id: dir as string as SnapshotId, parent, dir, createdAt: Date.now() });
  }

  async commitShared(parent: SnapshotId | null, dir: LayerDirId): Promise<SnapshotId> {
    const digest = createHash("sha256")
      .update(`${parent ?? ""}\0${dir}`)
      .digest("hex");
    const id = `s-${digest.slice(0, 40)}` as SnapshotId;
    const known = this.#find(id);
    if (known !== undefined) return id;
    return this.record({ id, parent, dir, createdAt: Date.now() });
  }

  /** Writes the record and takes the directory off the list of drafts, in this order. */
  async record(snapshot: Snapshot): Promise<SnapshotId> {
    await this.#table.put(snapshot.id, snapshot);
    await this.#drafts.remove(snapshot.dir);
    this.#known.set(snapshot.id, snapshot);
    return snapshot.id;
  }

  async discard({ dir }: Draft): Promise<void> {
    // Not with the build's signal: what a cancelled build wrote has to go as well.
    await this.#rooms.sandbox.remove([dir], AbortSignal.timeout(60_000));
    await this.#drafts.remove(dir);
  }

  unpack(layers: readonly UnpackLayer[], options: UnpackOptions): Promise<SnapshotId | null> {
    return unpackLayers(this.#rooms, this, layers, options);
  }

  async remove(ids: readonly SnapshotId[]): Promise<void> {
    const going = new Set(ids);
    const dirs = new Set(ids.flatMap((id) => this.#find(id)?.dir ?? []));
    for (const [, { id, dir }] of this.#table.entries()) if (!going.has(id)) dirs.delete(dir);
    await this.#table.transaction((table) => {
      for (const id of going) table.remove(id);
    });
    for (const id of going) this.#known.delete(id);
    await this.#rooms.sandbox.remove([...dirs], this.#rooms.signal);
  }
}

/** A layer directory's name: never used before. */
export function newDir(): LayerDirId {
  return randomBytes(12).toString("hex") as LayerDirId;
}
