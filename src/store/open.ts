// SPDX-License-Identifier: Apache-2.0
// Puts the store together. Opening checks the root and reads one small file; the database is opened at its first use.

import { statfs } from "node:fs/promises";
import { TsbuildError, isTsbuildError, messageOf } from "../base/index.js";
import type { Digest } from "../oci/index.js";
import { FileBlobStore } from "./blobs.js";
import { Database } from "./database.js";
import { Gate } from "./gate.js";
import { IndexImageStore } from "./images.js";
import { Leases, type LeaseRecord } from "./leases.js";
import { Locks, type LockRecord } from "./locks.js";
import { openRoot } from "./root.js";
import { LmdbTable, tableWithin, transact } from "./tables.js";
import { sweepTemp, TempSpace } from "./temp.js";
import type { Store, StoreOptions, Table } from "./types.js";

/**
 * Opens the store below a directory, and makes it when there is none. Throws STORE_ROOT (not a directory, or someone
 * else's), STORE_VERSION, STORE_PERMISSION, STORE_FULL, STORE_IO.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  options.signal?.throwIfAborted();
  const warn =
    options.onWarning ??
    ((message: string) => {
      process.emitWarning(message);
    });
  const paths = openRoot(options.root, warn);
  await sweepTemp(paths.tmp);
  const temp = new TempSpace(paths.tmp);
  const { open } = await import("lmdb");
  const gate = new Gate(paths, open, warn);
  const database = new Database(paths, "metadata", gate, open, warn);
  const processes = new Database(paths, "running", gate, open, warn);
  const locks = new Locks(new LmdbTable<LockRecord>(processes, "locks"));
  const leases = new Leases(new LmdbTable<LeaseRecord>(processes, "leases"), () => {
    database.refresh();
  });
  const session = leases.create();
  const blobs = new FileBlobStore(paths, temp, session, warn);
  const images = new IndexImageStore({
    paths,
    temp,
    lock: (signal) => locks.acquire("images", signal),
    syncBlobs: (digests) => blobs.sync(digests),
    warn,
  });
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    try {
      if (!processes.untouched) {
        await locks.releaseAll();
        await leases.releaseAll();
      }
    } catch (error) {
      // Records that stay (a full disk) belong to a process that will be dead soon, and count no more then.
      warn(`locks of the store could not be given up: ${messageOf(error)}`);
    }
    await database.close();
    await processes.close();
    await gate.close();
    await temp.close();
  };
  const usable = (): void => {
    if (closing !== undefined) throw new TsbuildError("STORE_CLOSED", "the store is closed");
  };
  return {
    root: paths.root,
    layoutDir: paths.layout,
    blobs,
    images,
    table: <V>(name: string): Table<V> => new LmdbTable<V>(database, tableName(name)),
    lock: async (key, { signal } = {}) => {
      usable();
      return locks.acquire(`user/${key}`, signal);
    },
    lease: () => {
      usable();
      return Promise.resolve(leases.create());
    },
    hold: (find) => {
      usable();
      return session.hold(find);
    },
    leased: async () => leases.protectedIds(),
    collect: async (action) => {
      usable();
      await using trash = await temp.directory().catch((error: unknown) => {
        // On a disk so full that it takes no directory, blobs are removed on the spot.
        if (!isTsbuildError(error, "STORE_FULL")) throw error;
        return null;
      });
      return await leases.whileSteady((leased) => {
        const unwanted: Digest[] = [];
        // The tables first: what is on record is there, whenever this process is killed.
        const result = transact(database, (within) =>
          action({
            leased,
            imagesVersion: images.version(),
            table: <V>(name: string) => tableWithin<V>(tableName(name), within),
            removeBlob: (digest) => {
              unwanted.push(digest);
            },
          }),
        );
        // What was taken off the record must not come back after a loss of power, when the files are gone.
        database.sync();
        blobs.discard(unwanted, trash?.path);
        return result;
      });
    },
    disk: async () => {
      const { blocks, bavail, bsize } = await statfs(paths.root);
      return { total: blocks * bsize, free: bavail * bsize };
    },
    tempDir: async () => temp.directory(),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

function tableName(name: string): string {
  if (!/^[a-z0-9-]{1,40}$/.test(name))
    throw new TypeError(`a table's name must be 1 to 40 of [a-z0-9-]: ${name}`);
  return `t-${name}`;
}
