// SPDX-License-Identifier: Apache-2.0
// Everything that the store has on the disk, as rows. Their sum is what `du` says of the store's blobs, snapshots and cache
// mounts.

import type { DiskUsage, LayerDirId } from "../../sandbox/index.js";
import { cacheMountTable, type CacheMountRecord } from "../../steps/index.js";
import type { Store } from "../../store/index.js";
import type { Rooms } from "../rooms.js";
import { blobRows } from "./blob-rows.js";
import { knownSizes, measurePlace, type PlaceSizes } from "./measure.js";
import type { Row } from "./rows.js";
import { volumeTable, type VolumeRecord } from "./volume-records.js";
import { readStates, stateRows, strayRows, type KnownState } from "./state-rows.js";

export interface Inventory {
  readonly rows: readonly Row[];
  /** The states of tables that a removal must find unchanged. */
  readonly imagesVersion: string;
  readonly pulledVersion: string;
}

export interface InventoryOptions {
  /**
   * Everything is measured, and directories that nothing knows are found. Otherwise directories are taken to be as they were
   * when they were measured first, and only new ones are walked.
   */
  readonly exact: boolean;
  /** Images that are kept without a name may go. Default: false. */
  readonly unnamed?: boolean;
  readonly signal: AbortSignal;
}

/** Takes stock. */
export async function takeInventory(rooms: Rooms, options: InventoryOptions): Promise<Inventory> {
  const { store } = rooms;
  const { signal } = options;
  const leased = await store.leased();
  const states = readStates(store, leased);
  const mounts = cacheMounts(store);
  const volumes = namedVolumes(store);
  const [layers, caches] = options.exact
    ? [
        await measurePlace(rooms, "snapshots", signal),
        await measurePlace(rooms, "cache-mounts", signal),
      ]
    : [
        await knownSizes(rooms, "snapshots", unchanging(states.values()), signal),
        await knownSizes(
          rooms,
          "cache-mounts",
          new Map<LayerDirId, { changedAt: number }>([...mounts, ...volumes]),
          signal,
        ),
      ];
  const blobs = await blobRows(store, states, leased, options.unnamed ?? false);
  return {
    rows: [
      ...stateRows(states, layers.dirs),
      ...strayRows(store, states, layers.dirs, leased),
      ...cacheMountRows(mounts, without(caches.dirs, volumes), leased),
      ...volumeRows(volumes, caches.dirs, leased),
      ...blobs.rows,
      ...(options.exact ? [await storeRow(store, layers, caches)] : []),
    ],
    imagesVersion: blobs.imagesVersion,
    pulledVersion: blobs.pulledVersion,
  };
}

function unchanging(states: Iterable<KnownState>): Map<LayerDirId, { changedAt: number }> {
  return new Map([...states].map(({ dir }) => [dir, { changedAt: 0 }]));
}

interface CacheMount {
  readonly keys: string[];
  readonly record: CacheMountRecord;
  readonly changedAt: number;
}

function cacheMounts(store: Store): Map<LayerDirId, CacheMount> {
  const mounts = new Map<LayerDirId, CacheMount>();
  for (const [key, record] of store.table<CacheMountRecord>(cacheMountTable).entries()) {
    const dir = record.dir as LayerDirId;
    const known = mounts.get(dir);
    if (known === undefined) mounts.set(dir, { keys: [key], record, changedAt: record.lastUsedAt });
    else known.keys.push(key);
  }
  return mounts;
}

function cacheMountRows(
  mounts: ReadonlyMap<LayerDirId, CacheMount>,
  sizes: ReadonlyMap<LayerDirId, DiskUsage>,
  leased: ReadonlySet<string>,
): Row[] {
  return [...new Set([...mounts.keys(), ...sizes.keys()])].map((dir): Row => {
    const mount = mounts.get(dir);
    const inUse = leased.has(dir);
    const lastUsedAt = mount?.record.lastUsedAt ?? 0;
    return {
      id: dir,
      type: "exec.cachemount",
      bytes: sizes.get(dir)?.bytes ?? 0,
      createdAt: mount?.record.createdAt ?? 0,
      lastUsedAt,
      inUse,
      shared: false,
      reclaimable: !inUse,
      mutable: true,
      description:
        mount === undefined ? "cache mount that was replaced" : `cache mount ${mount.record.id}`,
      parents: [],
      holding: { kind: "cache-mount", dir, keys: mount?.keys ?? [] },
    };
  });
}

interface Volume {
  readonly name: string;
  readonly record: VolumeRecord;
  readonly changedAt: number;
}

function namedVolumes(store: Store): Map<LayerDirId, Volume> {
  return new Map(
    [...store.table<VolumeRecord>(volumeTable).entries()].map(([name, record]) => [
      record.dir as LayerDirId,
      { name, record, changedAt: record.lastUsedAt },
    ]),
  );
}

function without<V>(
  map: ReadonlyMap<LayerDirId, V>,
  keys: ReadonlyMap<LayerDirId, unknown>,
): Map<LayerDirId, V> {
  return new Map([...map].filter(([dir]) => !keys.has(dir)));
}

function volumeRows(
  volumes: ReadonlyMap<LayerDirId, Volume>,
  sizes: ReadonlyMap<LayerDirId, DiskUsage>,
  leased: ReadonlySet<string>,
): Row[] {
  return [...volumes].map(([dir, { name, record }]): Row => {
    const inUse = leased.has(dir);
    return {
      id: dir,
      type: "volume",
      bytes: sizes.get(dir)?.bytes ?? 0,
      createdAt: record.createdAt,
      lastUsedAt: record.lastUsedAt,
      inUse,
      shared: false,
      reclaimable: !inUse,
      mutable: true,
      description: `volume ${name}`,
      parents: [],
      holding: { kind: "volume", dir, name },
    };
  });
}

/** What is nobody's: the directories that hold everything else. */
async function storeRow(store: Store, layers: PlaceSizes, caches: PlaceSizes): Promise<Row> {
  return {
    id: "store",
    type: "internal",
    bytes: layers.restBytes + caches.restBytes + (await store.blobs.overhead()),
    createdAt: 0,
    lastUsedAt: 0,
    inUse: false,
    shared: false,
    reclaimable: false,
    mutable: true,
    description: "directories of the store",
    parents: [],
    holding: { kind: "store" },
  };
}
