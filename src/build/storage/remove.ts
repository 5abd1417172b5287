// SPDX-License-Identifier: Apache-2.0
// Carries out a removal: everything is decided anew while no build can take hold of anything, records go first, then the data.

import { isRecord, TsbuildError } from "../../base/index.js";
import { cacheTable, type StoredRecord } from "../../cache/index.js";
import type { Digest } from "../../oci/index.js";
import type { StorageRecord } from "../../prune/index.js";
import type { LayerDirId } from "../../sandbox/index.js";
import { claimStrays, takeOffRecord, type SnapshotId } from "../../snapshot/index.js";
import {
  cacheMountTable,
  pulledTable,
  type CacheMountRecord,
  type Pulled,
} from "../../steps/index.js";
import type { Collection } from "../../store/index.js";
import type { Rooms } from "../rooms.js";
import { pulledVersionOf } from "./blob-rows.js";
import { takeInventory, type Inventory, type InventoryOptions } from "./inventory.js";
import { diskUsageTable, usageKey } from "./measure.js";
import type { Holding, Row } from "./rows.js";
import { volumeTable, type VolumeRecord } from "./volume-records.js";

interface Removed {
  readonly rows: readonly Row[];
  readonly layerDirs: readonly LayerDirId[];
  readonly cacheDirs: readonly LayerDirId[];
}

/** How often the inventory is taken again because images are named and pulled all the time. */
const attempts = 10;

/**
 * Takes stock, lets `select` choose, and removes what was chosen and nothing has taken hold of since.
 * Errors: BUILD_PRUNE_BUSY.
 */
export async function removeSelected(
  rooms: Rooms,
  options: InventoryOptions,
  select: (inventory: Inventory) => Promise<readonly StorageRecord[]>,
): Promise<readonly Row[]> {
  for (let i = 0; i < attempts; i++) {
    const inventory = await takeInventory(rooms, options);
    const selected = new Set((await select(inventory)).map(({ id }) => id));
    const wanted = inventory.rows.filter(({ id }) => selected.has(id));
    const unnamed = rowsOf(wanted, "blob").flatMap(({ holding }) => holding.unnamed);
    // They leave the list whole, before anything of them goes; then the list is another one.
    if (unnamed.length > 0 && (await rooms.store.images.release(unnamed, options.signal)) > 0)
      continue;
    const removed = await removeRows(rooms, inventory, wanted, options.signal);
    if (removed !== undefined) return removed;
  }
  throw new TsbuildError("BUILD_PRUNE_BUSY", "the store's images changed all the time", {
    hint: "Repeat the command when fewer builds are running.",
  });
}

/**
 * Removes rows of an inventory, but for those that have been taken hold of since. Gives what went, or undefined when images
 * were named or pulled meanwhile, so that the inventory has to be taken again.
 */
async function removeRows(
  rooms: Rooms,
  inventory: Inventory,
  wanted: readonly Row[],
  signal: AbortSignal,
): Promise<readonly Row[] | undefined> {
  if (wanted.length === 0) return [];
  const { store, snapshots, sandbox } = rooms;
  const removed = await store.collect((collection) =>
    isUnchanged(collection, inventory) ? takeOff(collection, wanted) : undefined,
  );
  if (removed === undefined) return undefined;
  await sandbox.remove(removed.cacheDirs, signal, "cache-mounts");
  await snapshots.removeDirs(removed.layerDirs);
  return removed.rows;
}

function isUnchanged(collection: Collection, inventory: Inventory): boolean {
  return (
    collection.imagesVersion === inventory.imagesVersion &&
    pulledVersionOf(collection.table<Pulled>(pulledTable).entries()) === inventory.pulledVersion
  );
}

type Of<K extends Holding["kind"]> = Row & { readonly holding: Extract<Holding, { kind: K }> };

function rowsOf<K extends Holding["kind"]>(rows: readonly Row[], kind: K): Of<K>[] {
  return rows.filter((row): row is Of<K> => row.holding.kind === kind);
}

function takeOff(collection: Collection, wanted: readonly Row[]): Removed {
  const states = rowsOf(wanted, "state");
  const taken = takeOffRecord(collection, new Set(states.map(({ holding }) => holding.id)));
  const takenStates = states.filter(({ holding }) => taken.states.has(holding.id));
  for (const { holding } of takenStates) forgetResults(collection, holding.cacheKeys, holding.id);
  const strays = rowsOf(wanted, "directory");
  const claimed = claimStrays(
    collection,
    strays.map(({ holding }) => holding.dir),
  );
  const claimedDirs = new Set(claimed);
  const takenStrays = strays.filter(({ holding }) => claimedDirs.has(holding.dir));
  const mounts = rowsOf(wanted, "cache-mount").filter((row) => takeCacheMount(collection, row));
  const volumes = rowsOf(wanted, "volume").filter((row) => takeVolume(collection, row));
  const blobs = rowsOf(wanted, "blob").filter((row) => takeBlob(collection, row));
  const gone = [takenStates, takenStrays, mounts, volumes, blobs].flat();

  const layerDirs = [...taken.dirs, ...claimed];
  const cacheDirs = [...mounts, ...volumes].map(({ holding }) => holding.dir);
  const sizes = collection.table(diskUsageTable);
  for (const dir of layerDirs) sizes.remove(usageKey("snapshots", dir));
  for (const dir of cacheDirs) sizes.remove(usageKey("cache-mounts", dir));
  return { rows: gone, layerDirs, cacheDirs };
}

/** Cache records that speak of a state that went. One that was written anew meanwhile speaks of another. */
function forgetResults(collection: Collection, keys: readonly string[], state: SnapshotId): void {
  const records = collection.table<StoredRecord>(cacheTable);
  for (const key of keys) {
    const result = records.get(key)?.result;
    if (isRecord(result) && result["snapshot"] === state) records.remove(key);
  }
}

function takeCacheMount(collection: Collection, { holding }: Of<"cache-mount">): boolean {
  const { dir, keys } = holding;
  if (collection.leased.has(dir)) return false;
  const records = collection.table<CacheMountRecord>(cacheMountTable);
  // No key: nothing knew of it, and it may have got its record just now.
  if (keys.length === 0) {
    const known = [...records.entries(), ...collection.table<VolumeRecord>(volumeTable).entries()];
    return !known.some(([, record]) => record.dir === (dir as string));
  }
  for (const key of keys) if (records.get(key)?.dir === (dir as string)) records.remove(key);
  return true;
}

function takeVolume(collection: Collection, { holding }: Of<"volume">): boolean {
  const { dir, name } = holding;
  const records = collection.table<VolumeRecord>(volumeTable);
  if (collection.leased.has(dir) || records.get(name)?.dir !== (dir as string)) return false;
  records.remove(name);
  return true;
}

function takeBlob(collection: Collection, { holding }: Of<"blob">): boolean {
  const digest: Digest = holding.digest;
  if (collection.leased.has(digest)) return false;
  for (const [table, key] of holding.records) collection.table(table).remove(key);
  collection.removeBlob(digest);
  return true;
}
