// SPDX-License-Identifier: Apache-2.0
// The record of a directory entry as it travels between Node and the helper. Its twin is native/entry.c.

import { bytesOfName, nameOfBytes, TsbuildError } from "../base/index.js";
import type { FrameWriter } from "./frames.js";
import type { ApplyEntry, EntryType, TreeEntry } from "./types.js";

const typeOfLetter: Readonly<Record<string, EntryType>> = {
  f: "file",
  d: "dir",
  l: "symlink",
  c: "char",
  b: "block",
  p: "fifo",
  s: "socket",
};

const letterOfType: Readonly<Record<ApplyEntry["type"], string>> = {
  file: "f",
  dir: "d",
  symlink: "l",
  hardlink: "h",
  char: "c",
  block: "b",
  fifo: "p",
  whiteout: "w",
  opaque: "o",
};

/** Bytes before the strings of a record. */
const HEAD = 1 + 3 * 4 + 8 + 2 * (8 + 4) + 2 * 8 + 3 * 4 + 3 * 4;

function malformed(): TsbuildError {
  return new TsbuildError(
    "SANDBOX_HELPER_EVENT",
    "the native helper sent a malformed directory entry",
  );
}

/** An unsigned 64-bit number in decimal; exact, also above 2^53. */
function decimal(buffer: Buffer, at: number): string {
  const high = buffer.readUInt32LE(at + 4);
  if (high < 1 << 21) return String(high * 0x1_0000_0000 + buffer.readUInt32LE(at));
  return buffer.readBigUInt64LE(at).toString();
}

function nanoseconds(buffer: Buffer, at: number): string {
  const high = buffer.readInt32LE(at + 4);
  const fraction = buffer.readUInt32LE(at + 8);
  const seconds = high * 0x1_0000_0000 + buffer.readUInt32LE(at);
  if (seconds <= 0 || high >= 1 << 21)
    return (buffer.readBigInt64LE(at) * 1_000_000_000n + BigInt(fraction)).toString();
  return `${seconds}${String(fraction).padStart(9, "0")}`;
}

/** Reads the record at `at`; calls `found` with it and returns where the next one begins. */
function decodeOne(buffer: Buffer, at: number, found: (entry: TreeEntry) => void): number {
  if (at + HEAD > buffer.length) throw malformed();
  const type = typeOfLetter[String.fromCharCode(buffer[at] ?? 0)];
  const pathLength = buffer.readUInt32LE(at + HEAD - 12);
  const linkLength = buffer.readUInt32LE(at + HEAD - 8);
  const xattrCount = buffer.readUInt32LE(at + HEAD - 4);
  const pathAt = at + HEAD;
  const linkAt = pathAt + pathLength + 1;
  let next = linkAt + linkLength + 1;
  if (type === undefined || next > buffer.length) throw malformed();
  const xattrs: (readonly [string, string])[] = [];
  for (let i = 0; i < xattrCount; i++) {
    if (next + 4 > buffer.length) throw malformed();
    const size = buffer.readUInt32LE(next);
    const nameEnd = buffer.indexOf(0, next + 4);
    const valueEnd = nameEnd + 1 + size;
    if (nameEnd < 0 || valueEnd > buffer.length) throw malformed();
    xattrs.push([
      nameOfBytes(buffer, next + 4, nameEnd),
      buffer.toString("hex", nameEnd + 1, valueEnd),
    ]);
    next = valueEnd;
  }
  found({
    path: nameOfBytes(buffer, pathAt, pathAt + pathLength),
    type,
    mode: buffer.readUInt32LE(at + 1),
    uid: buffer.readUInt32LE(at + 5),
    gid: buffer.readUInt32LE(at + 9),
    size: Number(buffer.readBigUInt64LE(at + 13)),
    mtimeNs: nanoseconds(buffer, at + 21),
    ctimeNs: nanoseconds(buffer, at + 33),
    dev: decimal(buffer, at + 45),
    ino: decimal(buffer, at + 53),
    nlink: buffer.readUInt32LE(at + 61),
    rdevMajor: buffer.readUInt32LE(at + 65),
    rdevMinor: buffer.readUInt32LE(at + 69),
    link: linkLength === 0 ? "" : nameOfBytes(buffer, linkAt, linkAt + linkLength),
    xattrs,
  });
  return next;
}

/** Appends all records of a frame to `entries`. */
export function decodeEntries(buffer: Buffer, entries: TreeEntry[]): void {
  for (let at = 0; at < buffer.length;)
    at = decodeOne(buffer, at, (entry) => {
      entries.push(entry);
    });
}

/** Writes an entry of an archive as a frame. */
export function encodeEntry(writer: FrameWriter, entry: ApplyEntry): void {
  const path = bytesOfName(entry.path);
  const link = bytesOfName(entry.link);
  writer
    .open(letterOfType[entry.type])
    .u32(entry.mode & 0o7777)
    .u32(entry.uid)
    .u32(entry.gid)
    .u64(entry.size)
    .u64(entry.mtime)
    .u32(0)
    .u64(0)
    .u32(0)
    .u64(0)
    .u64(0)
    .u32(0)
    .u32(entry.devMajor)
    .u32(entry.devMinor)
    .u32(path.length)
    .u32(link.length)
    .u32(entry.xattrs.length)
    .text(path)
    .text(link);
  for (const [name, value] of entry.xattrs) writer.u32(value.length).text(name).bytes(value);
  writer.close();
}
