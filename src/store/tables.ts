// SPDX-License-Identifier: Apache-2.0
// Typed tables in the store's database: all share one B-tree, each under its own prefix.

import { TsbuildError } from "../base/index.js";
import type { Database } from "./database.js";
import type { Lmdb } from "./environment.js";
import { decodeEntry, encodeEntry, encodeKey, keyRanges } from "./record.js";
import type { Table, TableTransaction } from "./types.js";

class Access<V> {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  get(lmdb: Lmdb, key: string): V | undefined {
    const rawKey = encodeKey(this.#name, key);
    const record = lmdb.getBinary(rawKey);
    if (record === undefined) return undefined;
    const entry = decodeEntry(this.#name, rawKey, record);
    return entry?.key === key ? (entry.value as V) : undefined;
  }

  raw(key: string, value: V): [Buffer, Buffer] {
    return encodeEntry(this.#name, key, value);
  }

  rawKey(key: string): Buffer {
    return encodeKey(this.#name, key);
  }

  /** All at once: the range's cursor must not stay open while the caller does other things. */
  entries(lmdb: Lmdb, prefix: string): (readonly [string, V])[] {
    const found: (readonly [string, V])[] = [];
    let sorted = true;
    for (const { start, end } of keyRanges(this.#name, prefix))
      for (const { key, value } of lmdb.getRange({ start, end })) {
        const entry = decodeEntry(this.#name, key as Buffer, value);
        if (entry?.key.startsWith(prefix) !== true) continue;
        found.push([entry.key, entry.value as V]);
        sorted &&= entry.plain;
      }
    return sorted ? found : found.sort(([a], [b]) => Buffer.compare(utf8(a), utf8(b)));
  }
}

function utf8(key: string): Buffer {
  return Buffer.from(key);
}

/** A table within a transaction; `usable` gives the database, or throws when the transaction is over. */
export function tableWithin<V>(name: string, usable: () => Lmdb): TableTransaction<V> {
  const access = new Access<V>(name);
  return {
    get: (key) => access.get(usable(), key),
    put: (key, value) => {
      const [rawKey, record] = access.raw(key, value);
      usable().putSync(rawKey, record);
    },
    remove: (key) => usable().removeSync(access.rawKey(key)),
    entries: (prefix = "") => access.entries(usable(), prefix),
  };
}

/** Runs `action` in a transaction; what it is given does not work afterwards. */
export function transact<T>(database: Database, action: (usable: () => Lmdb) => T): T {
  return database.transact((lmdb) => {
    let open = true;
    try {
      return action(() => {
        if (!open) throw new TsbuildError("STORE_CLOSED", "a transaction was used after its end");
        return lmdb;
      });
    } finally {
      open = false;
    }
  });
}

export class LmdbTable<V> implements Table<V> {
  readonly #name: string;
  readonly #database: Database;
  readonly #access: Access<V>;

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#name = name;
    this.#access = new Access<V>(name);
  }

  get(key: string): V | undefined {
    return this.#database.access((lmdb) => this.#access.get(lmdb, key));
  }

  async put(key: string, value: V): Promise<void> {
    const [rawKey, record] = this.#access.raw(key, value);
    await this.#database.write((lmdb) => {
      lmdb.putSync(rawKey, record);
    }, record.length);
  }

  async remove(key: string): Promise<boolean> {
    return await this.transaction((table) => table.remove(key));
  }

  entries(prefix = ""): Iterable<readonly [key: string, value: V]> {
    return this.#database.access((lmdb) => this.#access.entries(lmdb, prefix));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a promise by contract, whatever the database offers
  async transaction<T>(action: (table: TableTransaction<V>) => T): Promise<T> {
    return transact(this.#database, (usable) => action(tableWithin<V>(this.#name, usable)));
  }
}
