// SPDX-License-Identifier: Apache-2.0
// What is remembered of named volumes.

/** The name of the table of volumes, by their names. */
export const volumeTable = "volumes";

/** Times in milliseconds since the epoch. */
export interface VolumeRecord {
  /** Its directory in cache-mounts/. */
  readonly dir: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}
