// SPDX-License-Identifier: Apache-2.0
// The gate to the databases: who opens or closes one, writes to it or replaces it, is alone among all processes.
//
// LMDB lets writers exclude each other, but not who opens or closes. Opening one notes in shared memory which transaction is the
// last: the one that it has read from the file a moment before. A transaction that another process has committed meanwhile is
// then done over by the next writer, on pages that are in use. And whoever closes last destroys the locks, even if somebody is about to
// take them over. So all of them pass here first.
//
// What excludes them is LMDB's lock of an environment to which nothing is ever written: a mutex in shared memory, which costs
// microseconds and is free again when its holder is killed. Opening this one is harmless, as no transaction of it is ever
// committed, and done in turns; so is closing.

import { join } from "node:path";
import {
  databaseError,
  openEnvironment,
  type EnvironmentOptions,
  type Lmdb,
  type OpenLmdb,
} from "./environment.js";
import type { RootPaths } from "./root.js";
import { Turns } from "./turns.js";

export class Gate {
  readonly #file: Omit<EnvironmentOptions, "thorough">;
  readonly #openLmdb: OpenLmdb;
  readonly #turns: Turns;
  #lmdb: Lmdb | undefined;
  /** 1 while an action runs. */
  #inside = 0;

  constructor({ meta, corrupt }: RootPaths, open: OpenLmdb, warn: (message: string) => void) {
    this.#file = { file: join(meta, "gate.mdb"), corrupt, warn };
    this.#openLmdb = open;
    this.#turns = new Turns(join(meta, "gate-turns"));
  }

  /** Runs an action while no other process runs one. Throws what the action throws, STORE_DATABASE, STORE_FULL, STORE_IO. */
  pass<T>(action: () => T): T {
    if (this.#inside > 0) return action();
    const lmdb = this.#open();
    try {
      return lmdb.transactionSync(() => {
        this.#inside = 1;
        return action();
      });
    } catch (error) {
      throw this.#inside > 0 ? error : databaseError(error, this.#file.file);
    } finally {
      this.#inside = 0;
    }
  }

  #open(): Lmdb {
    return (this.#lmdb ??= this.#turns.alone(() =>
      openEnvironment(this.#openLmdb, { ...this.#file, thorough: true }),
    ));
  }

  async close(): Promise<void> {
    const lmdb = this.#lmdb;
    this.#lmdb = undefined;
    if (lmdb !== undefined) await this.#turns.alone(() => lmdb.close());
  }
}
