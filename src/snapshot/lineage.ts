// SPDX-License-Identifier: Apache-2.0
// Snapshots over a store's tables: who stands on whom, drafts with their owners, removal, and what a crash left behind.

import { createHash, randomBytes } from "node:crypto";
import { TsbuildError } from "../base/index.js";
import type { LayerDirId } from "../sandbox/index.js";
import { currentOwner, type Table } from "../store/index.js";
import { draftTable, SnapshotRecords, type DraftRecord } from "./records.js";
import type {
  Draft,
  Snapshot,
  SnapshotId,
  SnapshotRooms,
  Snapshots,
  UnpackLayer,
  UnpackOptions,
} from "./types.js";
import { statesOf, unpackLayers } from "./unpack.js";
import { unpackApart, writeLayer } from "./write.js";

/** Milliseconds that a removal may take when the build's own signal does not count any more. */
const CLEANUP_TIME = 600_000;

/** Opens the snapshots of a store, and removes what builds that died, or a crash of the machine, left behind. */
export async function createSnapshots(rooms: SnapshotRooms): Promise<Snapshots> {
  const snapshots = new StoredSnapshots(rooms);
  await snapshots.forgetUntrusted();
  await snapshots.sweepDrafts();
  return snapshots;
}

class StoredSnapshots implements Snapshots {
  readonly #rooms: SnapshotRooms;
  readonly #records: SnapshotRecords;
  readonly #drafts: Table<DraftRecord>;

  constructor(rooms: SnapshotRooms) {
    this.#rooms = rooms;
    this.#records = new SnapshotRecords(rooms.store);
    this.#drafts = rooms.store.table<DraftRecord>(draftTable);
  }

  has(id: SnapshotId): boolean {
    return this.#records.find(id) !== undefined;
  }

  get(id: SnapshotId): Snapshot {
    const found = this.#records.find(id);
    if (found === undefined)
      throw new TsbuildError("SNAPSHOT_NOT_FOUND", `snapshot ${id} is not in the store`, {
        hint: "Was the store pruned while this build ran? Build again.",
        details: { id },
      });
    return found;
  }

  async hold(id: SnapshotId): Promise<boolean> {
    const { store } = this.#rooms;
    const there = await store.hold((protect) => {
      const found = this.#records.findNow(id) !== undefined;
      if (found) protect(id);
      return found;
    });
    if (!there) return false;
    for (const { unwritten } of this.lineage(id))
      if (unwritten !== undefined) {
        const { digest, size } = unwritten.descriptor;
        if (!(await store.blobs.has(digest, size))) return false;
      }
    return true;
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
    const states = this.lineage(id);
    const first = states.findLastIndex(({ opaque }) => opaque === true);
    const dirs = states.slice(Math.max(first, 0)).map(({ dir, unwritten }) => {
      if (unwritten !== undefined) throw new TypeError("a state has to be written before use");
      return dir;
    });
    const last = new Map(dirs.map((dir, i) => [dir, i]));
    return dirs.filter((dir, i) => last.get(dir) === i);
  }

  async prepare(parent: SnapshotId | null): Promise<Draft> {
    const dir = newDir();
    // The lease comes first: a draft on record without a lease is taken for an orphan.
    await this.#protect(dir);
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
    return this.record({ id, parent, dir, createdAt: Date.now(), shared: true });
  }

  async commitLayer(
    { parent, dir }: Draft,
    unwritten: UnpackLayer,
    { shared }: { readonly shared: boolean },
  ): Promise<SnapshotId> {
    const id = dir as string as SnapshotId;
    return this.record({
      id,
      parent,
      dir,
      createdAt: Date.now(),
      unwritten,
      ...(shared ? { shared } : {}),
    });
  }

  async adopt<L extends UnpackLayer & { readonly createdAt: number }>(
    layers: readonly L[],
    bring: (layer: L, id: SnapshotId) => Promise<void>,
  ): Promise<SnapshotId | null> {
    const states = statesOf(layers);
    const missing = [];
    for (const state of states) if (!(await this.hold(state.id))) missing.push(state);
    const bringing = missing.map(({ layer, id }) => bring(layer, id));
    // None goes on unseen when another has failed.
    await Promise.allSettled(bringing);
    await Promise.all(bringing);
    for (const { id, parent, layer } of missing) {
      const { descriptor, diffId, createdAt } = layer;
      const { dir } = await this.prepare(parent);
      await this.record({ id, parent, dir, createdAt, unwritten: { descriptor, diffId } });
    }
    return states.at(-1)?.id ?? null;
  }

  async write(id: SnapshotId | null, signal: AbortSignal): Promise<void> {
    for (const state of this.lineage(id))
      if (state.unwritten !== undefined) await writeLayer(this.#rooms, this, state.id, signal);
  }

  unpackApart(layer: UnpackLayer, signal: AbortSignal): Promise<Draft> {
    return unpackApart(this.#rooms, this, layer, signal);
  }

  /** The state as it is now, after what other processes did to it. */
  now(id: SnapshotId): Snapshot {
    this.#records.findNow(id);
    return this.get(id);
  }

  /**
   * Writes the record and takes the directory off the list of drafts, in this order. When another process has recorded the
   * same state meanwhile, its directory counts and ours goes. The state is protected before anyone can know of it.
   */
  async record(snapshot: Snapshot): Promise<SnapshotId> {
    await this.#protect(snapshot.id);
    const recorded = await this.#records.add(snapshot);
    if (recorded.dir === snapshot.dir) await this.#drafts.remove(snapshot.dir);
    else if (!this.#records.uses(snapshot.dir)) await this.discard(snapshot);
    return recorded.id;
  }

  async discard({ dir }: Pick<Draft, "dir">): Promise<void> {
    // Not with the build's signal: what a cancelled build wrote has to go as well.
    await this.#rooms.sandbox.remove([dir], AbortSignal.timeout(CLEANUP_TIME));
    await this.#drafts.remove(dir);
  }

  unpack(layers: readonly UnpackLayer[], options: UnpackOptions): Promise<SnapshotId | null> {
    return unpackLayers(this.#rooms, this, layers, options);
  }

  async #protect(id: string): Promise<void> {
    await this.#rooms.store.hold((protect) => {
      protect(id);
    });
  }

  async removeDirs(dirs: readonly LayerDirId[]): Promise<void> {
    await this.#removeDirs(dirs, this.#rooms.signal);
  }

  async forget(dir: LayerDirId): Promise<void> {
    const dirs = await this.#records.remove(this.#records.usersOf(dir));
    await this.removeDirs(dirs);
  }

  /** On the list of drafts first: when this process dies now, the next one finishes the work. */
  async #removeDirs(dirs: readonly LayerDirId[], signal: AbortSignal): Promise<void> {
    if (dirs.length === 0) return;
    const begunAt = Date.now();
    await this.#drafts.transaction((table) => {
      for (const dir of dirs) table.put(dir, { begunAt });
    });
    await this.#rooms.sandbox.remove(dirs, signal);
    await this.#drafts.transaction((table) => {
      for (const dir of dirs) table.remove(dir);
    });
  }

  async settle(before: number, signal: AbortSignal): Promise<void> {
    const ids = this.#records.unsettled(before);
    if (ids.length === 0) return;
    await this.#rooms.sandbox.sync(signal);
    await this.#records.markSettled(ids);
  }

  /** After a start of the machine: states that were never settled, and all that stands on them. */
  async forgetUntrusted(): Promise<void> {
    const { store, signal } = this.#rooms;
    const starts = store.table<string>("snapshot-boot");
    const { boot } = currentOwner();
    if (starts.get("boot") === boot) return;
    const dirs = await this.#records.remove(this.#records.untrusted());
    await this.#removeDirs(dirs, signal);
    await starts.put("boot", boot);
  }

  /** Directories on the list of drafts whose lease has ended belong to builds that died. */
  async sweepDrafts(): Promise<void> {
    const { store, signal } = this.#rooms;
    const known = [...this.#drafts.entries()].map(([dir]) => dir as LayerDirId);
    if (known.length === 0) return;
    const leased = await store.leased();
    const ended = known.filter((dir) => !leased.has(dir));
    // Killed between the record and the list: a state, not a draft.
    const [states, orphans] = partition(ended, (dir) => this.#records.uses(dir));
    await this.#drafts.transaction((table) => {
      for (const dir of states) table.remove(dir);
    });
    await this.#removeDirs(orphans, signal);
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  const yes = items.filter(test);
  return [yes, items.filter((item) => !yes.includes(item))];
}

/** A layer directory's name: never used before. */
export function newDir(): LayerDirId {
  return randomBytes(12).toString("hex") as LayerDirId;
}
