// SPDX-License-Identifier: Apache-2.0
// What is on record about states: which there are, on whom they stand, and which of them may be believed.

import type { Store, Table, TableTransaction } from "../store/index.js";
import { currentOwner } from "../store/index.js";
import type { LayerDirId } from "../sandbox/index.js";
import type { Snapshot, SnapshotId } from "./types.js";

/** The name of the table of committed snapshots. */
export const snapshotTable = "snapshots";
/** The name of the table of directories that are no state: drafts, and what is to be removed. By layer directory. */
export const draftTable = "drafts";

/** Files are written without fsync. `boot`: the start of the machine in which that was; `settled`: synced since. */
export type StoredSnapshot = Snapshot & { readonly boot: string; readonly settled?: true };

/** Milliseconds since the epoch. */
export interface DraftRecord {
  readonly begunAt: number;
}

export class SnapshotRecords {
  readonly #table: Table<StoredSnapshot>;
  readonly #known = new Map<SnapshotId, Snapshot>();

  constructor(store: Store) {
    this.#table = store.table<StoredSnapshot>(snapshotTable);
  }

  find(id: SnapshotId): Snapshot | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const stored = this.#table.get(id);
    if (stored === undefined || !isTrusted(stored)) return undefined;
    this.#known.set(id, stored);
    return stored;
  }

  /** As find, but as things are now. */
  findNow(id: SnapshotId): Snapshot | undefined {
    this.#known.delete(id);
    return this.find(id);
  }

  /** Records a state, unless there is one of that id: then that one counts. Says which it is now. */
  async add(snapshot: Snapshot): Promise<Snapshot> {
    const stored = await this.#table.transaction((table) => {
      const other = table.get(snapshot.id);
      if (other !== undefined && isTrusted(other) && !replaces(snapshot, other)) return other;
      const mine: StoredSnapshot = { ...snapshot, boot: currentOwner().boot };
      table.put(snapshot.id, mine);
      return mine;
    });
    this.#known.set(stored.id, stored);
    return stored;
  }

  /** Takes states off the record and gives back the directories that no state uses any more. */
  async remove(ids: readonly SnapshotId[]): Promise<LayerDirId[]> {
    const dirs = await this.#table.transaction((table) => removeFrom(table, new Set(ids)));
    for (const id of ids) this.#known.delete(id);
    return dirs;
  }

  /** States that may not be believed, with everything that stands on them. */
  untrusted(): SnapshotId[] {
    return this.#standingOn((snapshot) => !isTrusted(snapshot));
  }

  /** States that use a directory, with everything that stands on them. */
  usersOf(dir: LayerDirId): SnapshotId[] {
    return this.#standingOn((snapshot) => snapshot.dir === dir);
  }

  #standingOn(isBad: (snapshot: StoredSnapshot) => boolean): SnapshotId[] {
    const all = [...this.#table.entries()].map(([, snapshot]) => snapshot);
    const bad = new Set(all.filter(isBad).map(({ id }) => id));
    for (let before = -1; before !== bad.size;) {
      before = bad.size;
      for (const { id, parent } of all) if (parent !== null && bad.has(parent)) bad.add(id);
    }
    return [...bad];
  }

  unsettled(before: number): SnapshotId[] {
    return [...this.#table.entries()].flatMap(([, { id, createdAt, settled }]) =>
      settled === true || createdAt >= before ? [] : [id],
    );
  }

  async markSettled(ids: readonly SnapshotId[]): Promise<void> {
    await this.#table.transaction((table) => {
      for (const id of ids) {
        const snapshot = table.get(id);
        if (snapshot !== undefined) table.put(id, { ...snapshot, settled: true });
      }
    });
  }

  /** Whether any state uses the directory. */
  uses(dir: LayerDirId): boolean {
    for (const [, snapshot] of this.#table.entries()) if (snapshot.dir === dir) return true;
    return false;
  }
}

/** The files of a state that was only a layer. */
function replaces(snapshot: Snapshot, known: Snapshot): boolean {
  return known.unwritten !== undefined && snapshot.unwritten === undefined;
}

function isTrusted(snapshot: StoredSnapshot): boolean {
  return snapshot.settled === true || snapshot.boot === currentOwner().boot;
}

function removeFrom(
  table: TableTransaction<StoredSnapshot>,
  going: ReadonlySet<SnapshotId>,
): LayerDirId[] {
  const dirs = new Set<LayerDirId>();
  const staying = new Set<LayerDirId>();
  for (const [, { id, dir }] of table.entries()) (going.has(id) ? dirs : staying).add(dir);
  for (const id of going) table.remove(id);
  return [...dirs].filter((dir) => !staying.has(dir));
}
