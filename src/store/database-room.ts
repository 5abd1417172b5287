// SPDX-License-Identifier: Apache-2.0
// Room in a database's file for what is about to be written. LMDB (as the package has it) does not survive a page that cannot be
// written: it prints, and may damage its heap. So the file is made longer beforehand, where a full disk is an error like
// any other; and what is kept in hand lets a prune work when nothing else can be written.

import { closeSync, fstatSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import type { RootDatabase } from "lmdb";
import { errnoOf } from "../base/index.js";

/** Bytes beyond the last page: wanted, and without which nothing is written. A transaction of ours changes a few pages. */
const margin = 256 * 1024;
const least = 64 * 1024;

interface Stats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
}

/** Within a write transaction, so that no other process grows the file meanwhile. Throws what writing a file throws. */
export function makeRoom(file: string, lmdb: RootDatabase<Buffer>, bytes: number): void {
  const { pageSize, lastPageNumber } = lmdb.getStats() as Stats;
  const used = (lastPageNumber + 1) * pageSize + bytes;
  const fd = openSync(file, "r+");
  try {
    const { size } = fstatSync(fd);
    if (size < used + margin / 2) extend(fd, size, used + margin, used + least);
  } finally {
    closeSync(fd);
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
