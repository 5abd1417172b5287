// SPDX-License-Identifier: Apache-2.0
// An LMDB environment. It is opened at first use; and it is set aside and begun anew when it turns out damaged, because all
// it holds can be made again. There are two: one for all tables, and one for what running processes tell each other.

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type * as LmdbModule from "lmdb";
import { TsbuildError, errnoOf, messageOf } from "../base/index.js";
import { checkDatabaseFile } from "./database-check.js";
import { makeRoom, tryRoom } from "./database-room.js";
import { DatabaseUsers } from "./database-users.js";
import { storeError } from "./errors.js";
import type { RootPaths } from "./root.js";

export type Lmdb = LmdbModule.RootDatabase<Buffer>;

/** LMDB's numbers for "these bytes are no sound database". */
const damaged = new Set([
  ...[-30797 /* page not found */, -30796 /* corrupted */, -30795 /* panic */],
  ...[-30794 /* version */, -30793 /* not a database */, -30782 /* bad transaction */],
  ...[
    -30788 /* page full */, -30784 /* incompatible */, -30780 /* bad dbi */, -30779 /* problem */,
  ],
]);

/** LMDB crashes where its lock is a directory; and a pipe would be waited for. Throws STORE_DATABASE. */
function refuseOtherThanFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new TsbuildError("STORE_DATABASE", `${path} is not a regular file`, {
    hint: "remove it: what a store's database holds can be made again",
    details: { path },
  });
}

function isDamage(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    damaged.has(error.code)
  );
}

/** LMDB reports system errors by number only. */
function databaseError(error: unknown, path: string): TsbuildError {
  const number: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  const errno = number === 28 ? "ENOSPC" : number === 13 || number === 30 ? "EACCES" : undefined;
  if (errno !== undefined)
    return storeError(
      Object.assign(new Error(messageOf(error)), { code: errno }),
      "write metadata",
      path,
    );
  if (errnoOf(error) !== undefined) return storeError(error, "open the store's database", path);
  return new TsbuildError("STORE_DATABASE", `the store's database failed: ${messageOf(error)}`, {
    hint: "what it holds can be made again: if this stays, remove the directory meta/ of the store",
    details: { path },
    cause: error,
  });
}

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
  readonly #paths: RootPaths;
  readonly #kind: DatabaseKind;
  readonly #file: string;
  readonly #warn: (message: string) => void;
  readonly #users: DatabaseUsers;
  readonly #openLmdb: typeof LmdbModule.open;
  #lmdb: Lmdb | undefined;
  /** Of the file that is open. */
  #inode: bigint | undefined;
  #closed = false;
  #pending: PendingWrite[] = [];
  /** Since the file was synced last. */
  #changed = false;

  /** `open`: the package's own, already loaded, so that a table can be read synchronously from the first time on. */
  constructor(
    paths: RootPaths,
    kind: DatabaseKind,
    open: typeof LmdbModule.open,
    warn: (message: string) => void,
  ) {
    this.#paths = paths;
    this.#kind = kind;
    this.#openLmdb = open;
    this.#file = join(paths.meta, `${kind}.mdb`);
    this.#warn = warn;
    this.#users = new DatabaseUsers(paths.meta, kind, this.#file);
  }

  #open(): Lmdb {
    if (this.#closed) throw new TsbuildError("STORE_CLOSED", "the store is closed");
    if (this.#lmdb !== undefined) return this.#lmdb;
    const lmdb = this.#users.alone(() => this.#openAlone());
    this.#lmdb = lmdb;
    return lmdb;
  }

  #openAlone(): Lmdb {
    for (const path of [this.#file, `${this.#file}-lock`]) refuseOtherThanFile(path);
    const fault = this.#fault();
    if (fault !== undefined) this.#setAside(fault);
    const open = this.#openLmdb;
    const options = {
      path: this.#file,
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      noReadAhead: true,
      noSync: true,
      maxReaders: 512,
    } as const;
    if (!existsSync(this.#file) || !existsSync(`${this.#file}-lock`)) this.#tryRoom();
    let lmdb: Lmdb;
    try {
      lmdb = open<Buffer>(options);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#setAside(messageOf(error));
      lmdb = open<Buffer>(options);
    }
    this.#inode = inodeOf(this.#file);
    this.#users.entered();
    return lmdb;
  }

  #tryRoom(): void {
    try {
      tryRoom(this.#file);
    } catch (error) {
      throw storeError(error, "write metadata", this.#file);
    }
  }

  /** LMDB maps the file and trusts it: what it would crash on has to be found before. */
  #fault(): string | undefined {
    const others = this.#users.areOthersIn();
    let fault = checkDatabaseFile(this.#file, !others && !this.#users.isClean());
    // Others may be writing what is read here: what is wrong stays wrong.
    for (let tries = 0; fault !== undefined && others && tries < 10; tries++)
      fault = checkDatabaseFile(this.#file, false);
    return fault;
  }

  #setAside(why: string): void {
    const name = `${this.#kind}-${randomBytes(4).toString("hex")}.mdb`;
    mkdirSync(this.#paths.corrupt, { recursive: true, mode: 0o700 });
    try {
      renameSync(this.#file, join(this.#paths.corrupt, name));
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    rmSync(`${this.#file}-lock`, { force: true });
    this.#warn(`the store's database was damaged (${why}); it was set aside and begun anew`);
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

  /** A database that proves damaged is replaced, and the action repeated once on the new one. */
  #run<T>(action: (lmdb: Lmdb) => T): T {
    try {
      return action(this.#open());
    } catch (error) {
      if (!isDamage(error)) throw this.#explain(error);
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
    return lmdb.transactionSync(() => {
      try {
        makeRoom(this.#file, lmdb, bytes);
      } catch (error) {
        throw storeError(error, "write metadata", this.#file);
      }
      return action();
    });
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
      const file = openSync(this.#file, "r+");
      try {
        fdatasyncSync(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw storeError(error, "write metadata", this.#file);
    }
    this.#changed = false;
  }

  #explain(error: unknown): unknown {
    const own = error instanceof TsbuildError || !(error instanceof Error) || !("code" in error);
    return own ? error : databaseError(error, this.#file);
  }

  #replace(error: unknown): void {
    // Closing would write to what is damaged; the mapping goes when the process ends.
    this.#lmdb = undefined;
    // Another process may have set it aside already, and what stands in its place is not to blame.
    this.#users.alone(() => {
      if (inodeOf(this.#file) === this.#inode) this.#setAside(messageOf(error));
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
    await lmdb.close();
    if (this.#kind === "metadata") this.sync();
    this.#users.leave();
  }
}
