// SPDX-License-Identifier: Apache-2.0
// Which rows a policy removes: the least recently used first, nothing on which something stands that stays, and no more
// than the limits ask for.

import { largest } from "../base/index.js";
import type { DiskSpace, PrunePolicy, StorageRecord } from "./types.js";

/** The bytes that a policy lets stay, of `used` now. */
export function bytesToKeep(policy: PrunePolicy, used: number, disk: DiskSpace): number {
  const { reservedSpace = 0, maxUsedSpace, minFreeSpace } = policy;
  let keep = maxUsedSpace ?? (minFreeSpace === undefined ? 0 : Infinity);
  const missing = (minFreeSpace ?? 0) - disk.free;
  if (missing > 0) keep = Math.min(keep, used - missing);
  return Math.max(keep, reservedSpace, 0);
}

function isInScope({ type }: StorageRecord, { all, volumes }: PrunePolicy): boolean {
  if (type === "volume") return volumes === true;
  return all || type !== "internal";
}

/**
 * The rows to remove, in an order in which they can be: what stands on others first. `now`: milliseconds since the epoch.
 * What named images need counts neither as used nor is it removed.
 */
export function selectForRemoval(
  records: readonly StorageRecord[],
  policy: PrunePolicy,
  disk: DiskSpace,
  now: number,
): readonly StorageRecord[] {
  const inScope = records.filter((record) => isInScope(record, policy) && policy.matches(record));
  const used = inScope.reduce((sum, { bytes, shared }) => sum + (shared ? 0 : bytes), 0);
  const keep = bytesToKeep(policy, used, disk);
  const limited = [policy.reservedSpace, policy.maxUsedSpace, policy.minFreeSpace].some(
    (limit) => limit !== undefined,
  );
  const oldest = now - (policy.keepDuration ?? 0);
  const candidates = new Set(
    inScope.filter(
      ({ reclaimable, lastUsedAt }) =>
        reclaimable && (policy.keepDuration === undefined || lastUsedAt < oldest),
    ),
  );
  const dependents = countDependents(records);
  const selected: StorageRecord[] = [];
  let left = used;
  for (const record of oldestFirst(records)) {
    if (limited && left <= keep) break;
    if (!candidates.has(record) || (dependents.get(record.id) ?? 0) > 0) continue;
    selected.push(record);
    left -= record.bytes;
    for (const parent of record.parents) dependents.set(parent, (dependents.get(parent) ?? 0) - 1);
  }
  return selected;
}

/** What several policies remove, one after another. */
export function selectForAll(
  records: readonly StorageRecord[],
  policies: readonly PrunePolicy[],
  disk: DiskSpace,
  now: number,
): readonly StorageRecord[] {
  const selected = new Set<StorageRecord>();
  let { free } = disk;
  for (const policy of policies) {
    const left = records.filter((record) => !selected.has(record));
    for (const record of selectForRemoval(left, policy, { ...disk, free }, now)) {
      selected.add(record);
      free += record.bytes;
    }
  }
  return [...selected];
}

function countDependents(records: readonly StorageRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { parents } of records)
    for (const parent of parents) counts.set(parent, (counts.get(parent) ?? 0) + 1);
  return counts;
}

/** By last use; of the same time, what stands on others comes before them. */
function oldestFirst(records: readonly StorageRecord[]): StorageRecord[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const depths = new Map<string, number>();
  const depthOf = (record: StorageRecord): number => {
    // Without recursion: a lineage may be long.
    const path: StorageRecord[] = [record];
    while (path.length > 0) {
      const at = path.at(-1);
      if (at === undefined) break;
      const unknown = at.parents
        .map((id) => byId.get(id))
        .find((parent) => parent !== undefined && !depths.has(parent.id));
      if (unknown !== undefined && !path.includes(unknown)) {
        path.push(unknown);
        continue;
      }
      depths.set(
        at.id,
        1 +
          largest(
            at.parents.map((id) => depths.get(id) ?? 0),
            0,
          ),
      );
      path.pop();
    }
    return depths.get(record.id) ?? 0;
  };
  return [...records].sort(
    (a, b) => a.lastUsedAt - b.lastUsedAt || depthOf(b) - depthOf(a) || (a.id < b.id ? -1 : 1),
  );
}
