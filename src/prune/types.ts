// SPDX-License-Identifier: Apache-2.0
// What the store holds, as rows that can be listed and removed. Plain data: where it comes from is not this room's business.

/** Kinds of rows. The names that BuildKit has too mean the same. */
export const recordTypes = [
  "regular",
  "image",
  "source.git.checkout",
  "source.http",
  "exec.cachemount",
  "volume",
  "internal",
] as const;

export type RecordType = (typeof recordTypes)[number];

/** One thing on the disk. */
export interface StorageRecord {
  readonly id: string;
  readonly type: RecordType;
  /** What it takes on the disk. */
  readonly bytes: number;
  /** Milliseconds since the epoch; 0: unknown. */
  readonly createdAt: number;
  /** Milliseconds since the epoch; 0: unknown. Not before that of anything that stands on it. */
  readonly lastUsedAt: number;
  /** A running build relies on it. */
  readonly inUse: boolean;
  /** A named image needs it, so that it is not only cache. */
  readonly shared: boolean;
  /** Nothing forbids to remove it. */
  readonly reclaimable: boolean;
  /** Its content changes (a cache mount). */
  readonly mutable: boolean;
  readonly description: string;
  /** Ids of the rows that it stands on: they cannot go before it. */
  readonly parents: readonly string[];
}

/** What to remove. Sizes in bytes, times in milliseconds. */
export interface PrunePolicy {
  /** Rows of type `internal` too. */
  readonly all: boolean;
  /** Named volumes too: what is in them cannot be made again. */
  readonly volumes?: boolean;
  readonly matches: (record: StorageRecord) => boolean;
  /** Spare what was used within this time. */
  readonly keepDuration?: number;
  /** Remove no more than down to this. */
  readonly reservedSpace?: number;
  /** Remove only while more than this is used. */
  readonly maxUsedSpace?: number;
  /** Remove as much as it takes for so much to be free on the disk. */
  readonly minFreeSpace?: number;
}

/** The file system below the store, in bytes. */
export interface DiskSpace {
  readonly total: number;
  readonly free: number;
}
