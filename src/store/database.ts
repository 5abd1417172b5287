// SPDX-License-Identifier: Apache-2.0
// An LMDB environment. It is opened at first use; and it is set aside and begun anew when it turns out damaged, because all
// it holds can be made again. There are two: one for all tables, and one for what running processes tell each other.

import { closeSync, fdatasyncSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { TsbuildError, messageOf } from "../base/index.js";
import { Replaced, makeRoom } from "./database-room.js";
import { DatabaseUsers } from "./database-users.js";
import {
  databaseError,
  isDamage,
  openEnvironment,
  setAside,
  type EnvironmentOptions,
  type Lmdb,
  type OpenLmdb,
} from "./environment.js";
import { storeError } from "./errors.js";
import type { Gate } from "./gate.js";
import type { RootPaths } from "./root.js";

/**
 * What a database is for; names the file and what stands beside it.
 * - `metadata`: the tables. All they hold can be made again, so that no transaction waits for the disk (0.02 ms instead of
 *   1 to 6 on a busy ext4). The file is synced when the last user closes it, and wherever something must not come back
 *   (`sync`); one that a loss of power left in disorder is found out by the check at opening and begun anew.
 * - `running`: locks and leases, which mean nothing after a restart of the machine.
 */
export type DatabaseKind = "metadata" | "running";

interface PendingWrite {
  readonly change: (lmdb: Lmdb) => void;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

export class Database {
  readonly #kind: DatabaseKind;
  readonly #file: Omit<EnvironmentOptions, "thorough">;
  readonly #gate: Gate;
  readonly #users: DatabaseUsers;
  readonly #openLmdb: OpenLmdb;
  #lmdb: Lmdb | undefined;
  /** Of the file that is open. */
  #inode: bigint | undefined;
  #closed = false;
  #pending: PendingWrite[] = [];
  /** Since the file was synced last. */
  #changed = false;

  /** `open`: the package's own, already loaded, so that a table can be read synchronously from the first time on. */
  constructor(
    { meta, corrupt }: RootPaths,
    kind: DatabaseKind,
    gate: Gate,
    open: OpenLmdb,
    warn: (message: string) => void,
  ) {
    const file = join(meta, `${kind}.mdb`);
    this.#kind = kind;
    this.#file = { file, corrupt, warn };
    this.#gate = gate;
    this.#openLmdb = open;
    this.#users = new DatabaseUsers(meta, kind, file);
  }

  #open(): Lmdb {
    if (this.#closed) throw new TsbuildError("STORE_CLOSED", "the store is closed");
    return (this.#lmdb ??= this.#gate.pass(() => {
      const thorough = !this.#users.areOthersIn() && !this.#users.isClean();
      const lmdb = openEnvironment(this.#openLmdb, { ...this.#file, thorough });
      this.#inode = inodeOf(this.#file.file);
      this.#users.entered();
      return lmdb;
    }));
  }

  /** From now on reads see what other processes have written up to now. */
  refresh(): void {
    this.#lmdb?.resetReadTxn();
  }

  /** Runs reads. Throws STORE_DATABASE, STORE_FULL, STORE_PERMISSION. */
  access<T>(action: (lmdb: Lmdb) => T): T {
    return this.#run((lmdb) =>
      this.#users.sharesPid ? lmdb.transactionSync(() => action(lmdb)) : action(lmdb),
    );
  }

  /** A database that proves damaged is replaced, and the action repeated once on the new one; as when another process has done so. */
  #run<T>(action: (lmdb: Lmdb) => T): T {
    try {
      return action(this.#open());
    } catch (error) {
      if (!(error instanceof Replaced) && !isDamage(error)) throw this.#explain(error);
      this.#replace(error);
      return action(this.#open());
    }
  }

  /**
   * Runs a transaction: alone among all processes, and undone when it throws. Synchronous, because the asynchronous ones
   * of the package fail in ways that cannot be caught (a full disk ends the process); it blocks for as long as another
   * process writes, which is well below a millisecond for what is stored here.
   */
  transact<T>(action: (lmdb: Lmdb) => T): T {
    this.#flush();
    this.#changed = true;
    return this.#run((lmdb) => this.#change(lmdb, 0, () => action(lmdb)));
  }

  /** `bytes`: what will be stored, where that may be much. */
  #change<T>(lmdb: Lmdb, bytes: number, action: () => T): T {
    return this.#gate.pass(() =>
      lmdb.transactionSync(() => {
        makeRoom(this.#file.file, this.#inode, lmdb, bytes);
        return action();
      }),
    );
  }

  /** Writes soon: what is asked for in one turn of the event loop is one transaction. */
  write(change: (lmdb: Lmdb) => void, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0)
        setImmediate(() => {
          this.#flush();
        });
      this.#pending.push({ change, bytes, resolve, reject });
    });
  }

  #flush(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#changed = true;
    try {
      const bytes = pending.reduce((sum, one) => sum + one.bytes, 0);
      this.#run((lmdb) => {
        this.#change(lmdb, bytes, () => {
          for (const { change } of pending) change(lmdb);
        });
      });
      for (const { resolve } of pending) resolve();
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  }

  /** Makes everything written so far survive a loss of power. Throws STORE_FULL, STORE_IO. */
  sync(): void {
    this.#flush();
    if (!this.#changed) return;
    try {
      const file = openSync(this.#file.file, "r+");
      try {
        fdatasyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw storeError(error, "write metadata", this.#file.file);
    }
    this.#changed = false;
  }

  #explain(error: unknown): unknown {
    const own = error instanceof TsbuildError || !(error instanceof Error) || !("code" in error);
    return own ? error : databaseError(error, this.#file.file);
  }

  #replace(error: unknown): void {
    // Closing would write to what is damaged; the mapping goes when the process ends.
    this.#lmdb = undefined;
    // Another process may have set it aside already, and what stands in its place is not to blame.
    this.#gate.pass(() => {
      if (inodeOf(this.#file.file) === this.#inode) setAside(this.#file, messageOf(error));
    });
  }

  /** True when nothing has been opened, so that there is nothing to give back. */
  get untouched(): boolean {
    return this.#lmdb === undefined;
  }

  async close(): Promise<void> {
    this.#flush();
    this.#closed = true;
    const lmdb = this.#lmdb;
    this.#lmdb = undefined;
    if (lmdb === undefined) return;
    await this.#gate.pass(() => lmdb.close());
    if (this.#kind === "metadata") this.sync();
    this.#users.leave();
  }
}
