// SPDX-License-Identifier: Apache-2.0
// The solver's cache as a map.

import type { CacheRecord, CacheStore } from "#src/solve/index.js";

/** A cache in memory; its lock is real enough for one process. */
export class MemoryCache implements CacheStore {
  readonly records = new Map<string, CacheRecord>();
  readonly #held = new Map<string, Promise<void>>();

  get(key: string): Promise<CacheRecord | undefined> {
    return Promise.resolve(this.records.get(key));
  }

  put(keys: readonly string[], record: CacheRecord): Promise<void> {
    for (const key of keys) this.records.set(key, record);
    return Promise.resolve();
  }

  history(kind: string): Promise<CacheRecord[]> {
    return Promise.resolve([...this.records.values()].filter((record) => record.kind === kind));
  }

  async lock(key: string): Promise<AsyncDisposable> {
    while (this.#held.has(key)) await this.#held.get(key);
    let release = (): void => undefined;
    this.#held.set(
      key,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    return {
      [Symbol.asyncDispose]: () => {
        this.#held.delete(key);
        release();
        return Promise.resolve();
      },
    };
  }
}
