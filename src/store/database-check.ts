// SPDX-License-Identifier: Apache-2.0
// Finds out, before LMDB maps a file, whether LMDB could crash on it: it trusts page numbers and offsets, and a file that
// was cut short is a bus error. Reads the file as LMDB's data format has it (24-byte page header, two meta pages).

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../base/index.js";

const pageHeader = 24;
const magic = 0xbeefc0de;

/** The fields of a meta page that say where the data is. */
interface Meta {
  readonly pageSize: number;
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

function readMeta(page: Buffer): Meta | undefined {
  if (page.length < 176 || page.readUInt32LE(pageHeader) !== magic) return undefined;
  return {
    pageSize: page.readUInt32LE(48),
    roots: [page.readBigUInt64LE(88), page.readBigUInt64LE(136)],
    lastPage: page.readBigUInt64LE(144),
    transaction: page.readBigUInt64LE(152),
  };
}

function readAt(fd: number, size: number, position: number): Buffer {
  const buffer = Buffer.alloc(size);
  return buffer.subarray(0, readSync(fd, buffer, 0, size, position));
}

/** What is wrong with a database file, in a few words; undefined when nothing is, or when there is no file. */
export function checkDatabaseFile(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return undefined;
    const first = readMeta(readAt(fd, 512, 0));
    if (first === undefined) return "its first page is not that of a database";
    const { pageSize } = first;
    if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
      return "its page size is impossible";
    const second = readMeta(readAt(fd, 512, pageSize));
    if (second === undefined) return "its second page is not that of a database";
    const newest = second.transaction > first.transaction ? second : first;
    if ((newest.lastPage + 1n) * BigInt(pageSize) > BigInt(size)) return "it is cut short";
    const none = 0xffffffffffffffffn;
    if (newest.roots.some((root) => root !== none && root > newest.lastPage))
      return "its root is outside of it";
    return undefined;
  } finally {
    closeSync(fd);
  }
}
