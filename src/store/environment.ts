// SPDX-License-Identifier: Apache-2.0
// An LMDB environment: one file, opened when it has proved sound, set aside and begun anew when it has not.

import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type * as LmdbModule from "lmdb";
import { TsbuildError, errnoOf, messageOf } from "../base/index.js";
import { checkDatabaseFile } from "./database-check.js";
import { tryRoom } from "./database-room.js";
import { storeError } from "./errors.js";

export type Lmdb = LmdbModule.RootDatabase<Buffer>;
export type OpenLmdb = typeof LmdbModule.open;

/** LMDB's numbers for "these bytes are no sound database". */
const damaged = new Set([
  ...[-30797 /* page not found */, -30796 /* corrupted */, -30795 /* panic */],
  ...[-30794 /* version */, -30793 /* not a database */, -30782 /* bad transaction */],
  ...[
    -30788 /* page full */, -30784 /* incompatible */, -30780 /* bad dbi */, -30779 /* problem */,
  ],
]);

/** Whether it is the file that is wrong. */
export function isDamage(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    damaged.has(error.code)
  );
}

/** The error to tell for what LMDB threw: it reports system errors by number only. */
export function databaseError(error: unknown, path: string): TsbuildError {
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

export interface EnvironmentOptions {
  readonly file: string;
  /** The directory for damaged files. */
  readonly corrupt: string;
  /** Whether every page is looked at, or just the first ones. */
  readonly thorough: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Opens an environment, or makes it. No other process may open, write or close it meanwhile. Throws STORE_FULL, STORE_IO, and what
 * LMDB throws.
 */
export function openEnvironment(openLmdb: OpenLmdb, options: EnvironmentOptions): Lmdb {
  const { file, thorough } = options;
  const complete = [file, `${file}-lock`].map(isThere).every(Boolean);
  // LMDB maps the file and trusts it: what it would crash on has to be found before.
  const fault = checkDatabaseFile(file, thorough);
  if (fault !== undefined) setAside(options, fault);
  if (fault !== undefined || !complete) makeSureOfRoom(file);
  const settings = {
    path: file,
    noSubdir: true,
    encoding: "binary",
    keyEncoding: "binary",
    noReadAhead: true,
    noSync: true,
    maxReaders: 512,
  } as const;
  const open = (): Lmdb => openLmdb<Buffer>(settings);
  try {
    return open();
  } catch (error) {
    if (!isDamage(error)) throw error;
    setAside(options, messageOf(error));
    return open();
  }
}

/** LMDB crashes where its lock is a directory; and a pipe would be waited for. Throws STORE_DATABASE. */
function isThere(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return found !== undefined;
  throw new TsbuildError("STORE_DATABASE", `${path} is not a regular file`, {
    hint: "remove it: what a store's database holds can be made again",
    details: { path },
  });
}

function makeSureOfRoom(file: string): void {
  try {
    tryRoom(file);
  } catch (error) {
    throw storeError(error, "write metadata", file);
  }
}

/** Takes a damaged file out of the way. */
export function setAside(
  { file, corrupt, warn }: Pick<EnvironmentOptions, "file" | "corrupt" | "warn">,
  why: string,
): void {
  mkdirSync(corrupt, { recursive: true, mode: 0o700 });
  try {
    const name = `${basename(file, ".mdb")}-${randomBytes(4).toString("hex")}.mdb`;
    renameSync(file, join(corrupt, name));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  rmSync(`${file}-lock`, { force: true });
  warn(`the store's database was damaged (${why}); it was set aside and begun anew`);
}
