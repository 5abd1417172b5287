// SPDX-License-Identifier: Apache-2.0
// What the helper's directories take on the disk: measured, and remembered, because a committed state never changes.

import type { DiskUsage, LayerDirId, StorePlace } from "../../sandbox/index.js";
import type { Table } from "../../store/index.js";
import type { Rooms } from "../rooms.js";

/** The name of the table of measured directories, by `<place>/<dir>`. */
export const diskUsageTable = "disk-usage";

export interface Measured extends DiskUsage {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The directories of a place with what they take, and what the place takes besides. */
export interface PlaceSizes {
  readonly dirs: ReadonlyMap<LayerDirId, DiskUsage>;
  readonly restBytes: number;
}

/** How old the size of something that changes may be where no exact answer is asked for. */
const staleAfter = 3_600_000;

/** The key of a directory in the table. */
export function usageKey(place: StorePlace, dir: LayerDirId): string {
  return `${place}/${dir}`;
}

/** Measures everything that is in a place, and remembers it. */
export async function measurePlace(
  rooms: Rooms,
  place: StorePlace,
  signal: AbortSignal,
): Promise<PlaceSizes> {
  const { dirs, rest } = await rooms.sandbox.usage(place, "all", signal);
  await remember(rooms.store.table<Measured>(diskUsageTable), place, dirs);
  return { dirs, restBytes: rest.bytes };
}

/** The sizes of known directories, walking only those that were never measured or may have changed since. */
export async function knownSizes(
  rooms: Rooms,
  place: StorePlace,
  wanted: ReadonlyMap<LayerDirId, { readonly changedAt: number }>,
  signal: AbortSignal,
): Promise<PlaceSizes> {
  const table = rooms.store.table<Measured>(diskUsageTable);
  const dirs = new Map<LayerDirId, DiskUsage>();
  const unknown: LayerDirId[] = [];
  for (const [dir, { changedAt }] of wanted) {
    const known = table.get(usageKey(place, dir));
    if (known === undefined || (changedAt > known.at && Date.now() - known.at > staleAfter))
      unknown.push(dir);
    else dirs.set(dir, known);
  }
  const fresh = await rooms.sandbox.usage(place, unknown, signal);
  await remember(table, place, fresh.dirs);
  for (const [dir, usage] of fresh.dirs) dirs.set(dir, usage);
  return { dirs, restBytes: 0 };
}

async function remember(
  table: Table<Measured>,
  place: StorePlace,
  dirs: ReadonlyMap<LayerDirId, DiskUsage>,
): Promise<void> {
  const at = Date.now();
  const changed = [...dirs].filter(([dir, { bytes }]) => {
    const known = table.get(usageKey(place, dir));
    return place === "cache-mounts" || known?.bytes !== bytes;
  });
  if (changed.length === 0) return;
  await table.transaction((writer) => {
    for (const [dir, { bytes, files }] of changed)
      writer.put(usageKey(place, dir), { bytes, files, at });
  });
}
