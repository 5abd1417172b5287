// SPDX-License-Identifier: Apache-2.0
// A prune's part in this room: which states may go, decided while no build can take hold of one, and taken off the record.

import type { LayerDirId } from "../sandbox/index.js";
import type { Collection } from "../store/index.js";
import { draftTable, snapshotTable, type DraftRecord, type StoredSnapshot } from "./records.js";
import type { SnapshotId } from "./types.js";

/**
 * Takes those of the wanted states off the record that nothing needs: no lease, and no state that stays. Their directories
 * are put on the list of drafts, so that they are removed even if this process dies (see Snapshots.removeDirs).
 */
export function takeOffRecord(
  collection: Collection,
  wanted: ReadonlySet<SnapshotId>,
): { readonly states: ReadonlySet<SnapshotId>; readonly dirs: readonly LayerDirId[] } {
  const table = collection.table<StoredSnapshot>(snapshotTable);
  const all = new Map([...table.entries()].map(([, state]) => [state.id, state]));
  const needed = new Set<SnapshotId>();
  const usedDirs = new Set<LayerDirId>();
  for (const { id } of all.values()) {
    if (wanted.has(id) && !collection.leased.has(id)) continue;
    // What a state stands on is needed as well.
    for (let at: SnapshotId | null = id; at !== null && !needed.has(at);) {
      needed.add(at);
      const state = all.get(at);
      if (state !== undefined) usedDirs.add(state.dir);
      at = state?.parent ?? null;
    }
  }
  const states = new Set([...wanted].filter((id) => all.has(id) && !needed.has(id)));
  const dirs = new Set<LayerDirId>();
  for (const id of states) {
    const dir = all.get(id)?.dir;
    if (dir !== undefined && !usedDirs.has(dir)) dirs.add(dir);
    table.remove(id);
  }
  markForRemoval(collection, [...dirs]);
  return { states, dirs: [...dirs] };
}

/** Of directories that were found on the disk, those that nothing knows: no state, no draft, no lease. */
export function claimStrays(
  collection: Collection,
  found: readonly LayerDirId[],
): readonly LayerDirId[] {
  const states = [...collection.table<StoredSnapshot>(snapshotTable).entries()];
  const used = new Set(states.map(([, { dir }]) => dir));
  const drafts = collection.table<DraftRecord>(draftTable);
  const strays = found.filter(
    (dir) => !used.has(dir) && !collection.leased.has(dir) && drafts.get(dir) === undefined,
  );
  markForRemoval(collection, strays);
  return strays;
}

function markForRemoval(collection: Collection, dirs: readonly LayerDirId[]): void {
  const drafts = collection.table<DraftRecord>(draftTable);
  const begunAt = Date.now();
  for (const dir of dirs) drafts.put(dir, { begunAt });
}
