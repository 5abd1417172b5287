// SPDX-License-Identifier: Apache-2.0
// `tsbuild du` and `tsbuild prune`.

import { defined } from "../../base/index.js";
import type { EventSink } from "../../base/index.js";
import {
  parseDuration,
  parseFilters,
  selectForRemoval,
  type PrunePolicy,
  type StorageRecord,
} from "../../prune/index.js";
import { openRooms, type Rooms } from "../rooms.js";
import { forgetFileDigests, forgetOutlines } from "./forget.js";
import { takeInventory } from "./inventory.js";
import { removeSelected } from "./remove.js";
import type { Row } from "./rows.js";

export { parseDuration, type StorageRecord };

/** Common to both commands. */
export interface StorageOptions {
  readonly storeRoot?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `--filter` texts. */
  readonly filters?: readonly string[];
  readonly events?: EventSink;
  readonly signal?: AbortSignal;
}

export interface PruneOptions extends StorageOptions {
  readonly all?: boolean;
  /** Named volumes too. */
  readonly volumes?: boolean;
  /** Images that are kept without a name, too. */
  readonly unnamed?: boolean;
  /** Milliseconds. */
  readonly keepDuration?: number;
  /** Bytes. */
  readonly reservedSpace?: number;
  readonly maxUsedSpace?: number;
  readonly minFreeSpace?: number;
  /** Asked with what would be removed; false: nothing is. */
  readonly confirm?: (records: readonly StorageRecord[]) => Promise<boolean>;
}

async function withRooms<T>(
  options: StorageOptions,
  action: (rooms: Rooms, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = options.signal ?? new AbortController().signal;
  await using rooms = await openRooms(options, options.events ?? (() => undefined), signal);
  return await action(rooms, signal);
}

function toRecord({ holding: _, ...record }: Row): StorageRecord {
  return record;
}

/** What is on the disk; together, what `du` says of the store's blobs, snapshots and cache mounts. Largest first. Errors: PRUNE_FILTER, STORE_*, SANDBOX_*. */
export async function diskUsage(options: StorageOptions = {}): Promise<readonly StorageRecord[]> {
  const { matches, keepDuration } = parseFilters(options.filters ?? []);
  const before = keepDuration === undefined ? Infinity : Date.now() - keepDuration;
  return withRooms(options, async (rooms, signal) => {
    const { rows } = await takeInventory(rooms, { exact: true, signal });
    return rows
      .map(toRecord)
      .filter((record) => matches(record) && record.lastUsedAt < before)
      .sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1));
  });
}

/**
 * Removes cache that nothing needs, and tells what went. Safe beside running builds: what they rely on stays.
 * Errors: PRUNE_FILTER, BUILD_PRUNE_BUSY, STORE_*, SANDBOX_*.
 */
export async function prune(options: PruneOptions = {}): Promise<readonly StorageRecord[]> {
  const filters = parseFilters(options.filters ?? []);
  const { reservedSpace, maxUsedSpace, minFreeSpace } = options;
  const keepDuration = Math.max(options.keepDuration ?? 0, filters.keepDuration ?? 0);
  const policy: PrunePolicy = {
    all: options.all ?? false,
    volumes: options.volumes ?? false,
    matches: filters.matches,
    ...(keepDuration === 0 ? {} : { keepDuration }),
    ...defined({ reservedSpace, maxUsedSpace, minFreeSpace }),
  };
  let confirmed = options.confirm === undefined;
  return withRooms(options, async (rooms, signal) => {
    const disk = await rooms.store.disk();
    const inventory = { exact: true, unnamed: options.unnamed ?? false, signal };
    const removed = await removeSelected(rooms, inventory, async ({ rows }) => {
      const selected = selectForRemoval(rows, policy, disk, Date.now());
      confirmed ||= (await options.confirm?.(selected)) === true;
      return confirmed ? selected : [];
    });
    await forgetOutlines(rooms.store);
    if (confirmed && policy.all && (options.filters ?? []).length === 0)
      await forgetFileDigests(rooms.store);
    return removed.map(toRecord);
  });
}
