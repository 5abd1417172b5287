// SPDX-License-Identifier: Apache-2.0
// The build cache of this machine: records by key in the store's tables.

import type { CacheRecord, CacheStore } from "../solve/index.js";
import type { Store } from "../store/index.js";

/** What the table holds: the record, and when it was last of use (for pruning). Milliseconds since the epoch. */
export interface StoredRecord extends CacheRecord {
  readonly lastUsedAt: number;
}

/** The name of the table in the store. */
export const cacheTable = "cache";

/** How stale `lastUsedAt` may become before a hit writes it anew: reading the cache should not write to disk. */
const usedGrain = 3_600_000;

/** A cache in a store. `clock`: milliseconds since the epoch. */
export function localCache(store: Store, clock: () => number): CacheStore {
  const table = store.table<StoredRecord>(cacheTable);
  return {
    get: async (key) => {
      const record = table.get(key);
      if (record !== undefined && clock() - record.lastUsedAt > usedGrain)
        await table.put(key, { ...record, lastUsedAt: clock() });
      return record;
    },
    put: async (keys, record) => {
      const stored: StoredRecord = { ...record, lastUsedAt: clock() };
      await table.transaction((writer) => {
        for (const key of keys) writer.put(key, stored);
      });
    },
    history: (kind) =>
      Promise.resolve(
        [...table.entries()].flatMap(([, record]) => (record.kind === kind ? [record] : [])),
      ),
    lock: (key, signal) => store.lock(`step:${key}`, { signal }),
  };
}
