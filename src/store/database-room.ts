// SPDX-License-Identifier: Apache-2.0
// Room in a database's file for what is about to be written. LMDB (as the package has it) does not survive a page that cannot be
// written: it prints, and may damage its heap. So the file is made longer beforehand, where a full disk is an error like
// any other; and what is kept in hand lets a prune work when nothing else can be written.

import { closeSync, fstatSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import type { RootDatabase } from "lmdb";
import { errnoOf } from "../base/index.js";
import { storeError } from "./errors.js";

/** Bytes beyond the last page: wanted, and without which nothing is written. A transaction of ours changes a few pages. */
const margin = 256 * 1024;
const least = 64 * 1024;

interface Stats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
}

/** Another file has the name of one that is open. */
export class Replaced extends Error {}

/**
 * Within a write transaction, so that no other process grows the file meanwhile. Throws STORE_FULL, STORE_IO; Replaced when the file
 * is not that of the inode any more: what is written to the old one, nobody reads.
 */
export function makeRoom(
  file: string,
  inode: bigint | undefined,
  lmdb: RootDatabase<Buffer>,
  bytes: number,
): void {
  const { pageSize, lastPageNumber } = lmdb.getStats() as Stats;
  const used = (lastPageNumber + 1) * pageSize + bytes;
  let fd: number | undefined;
  try {
    fd = openSync(file, "r+");
    const { ino, size } = fstatSync(fd, { bigint: true });
    if (ino !== inode) throw new Replaced();
    if (size < used + margin / 2) extend(fd, Number(size), used + margin, used + least);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new Replaced();
    throw error instanceof Replaced ? error : storeError(error, "write metadata", file);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Before LMDB makes a new file, which it does not survive on a full disk either. Throws what writing a file throws. */
export function tryRoom(file: string): void {
  const trial = `${file}.${process.pid}`;
  try {
    writeFileSync(trial, Buffer.alloc(margin / 2));
  } finally {
    rmSync(trial, { force: true });
  }
}

function extend(fd: number, from: number, to: number, enough: number): void {
  const zeros = Buffer.alloc(64 * 1024);
  let size = from;
  try {
    while (size < to) size += writeSync(fd, zeros, 0, Math.min(zeros.length, to - size), size);
  } catch (error) {
    const code = errnoOf(error);
    if ((code !== "ENOSPC" && code !== "EDQUOT") || size < enough) throw error;
  }
}
