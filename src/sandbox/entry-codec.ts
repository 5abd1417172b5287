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

/** Where the numbers lie that few ask for: from the size to the end of the head's numbers, and of them those of the state. */
const STATE_AT = 13;
const NUMBERS_LENGTH = HEAD - 3 * 4 - STATE_AT;
const STATE_LENGTH = 8 + 2 * (8 + 4) + 2 * 8;
const noXattrs: TreeEntry["xattrs"] = [];

/** An entry of a list. There may be very many: what is rarely wanted stays packed, in a string of bytes. */
class Entry implements TreeEntry {
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly link: string;
  readonly xattrs: TreeEntry["xattrs"];
  readonly #numbers: string;

  constructor(
    buffer: Buffer,
    at: number,
    given: Pick<TreeEntry, "type" | "path" | "link" | "xattrs">,
  ) {
    this.path = given.path;
    this.type = given.type;
    this.mode = buffer.readUInt32LE(at + 1);
    this.uid = buffer.readUInt32LE(at + 5);
    this.gid = buffer.readUInt32LE(at + 9);
    this.link = given.link;
    this.xattrs = given.xattrs;
    this.#numbers = buffer.toString("latin1", at + STATE_AT, at + STATE_AT + NUMBERS_LENGTH);
  }

  get state(): string {
    return this.#numbers.slice(0, STATE_LENGTH);
  }

  get size(): number {
    return this.#u32(0) + this.#u32(4) * 0x1_0000_0000;
  }

  get mtimeNs(): string {
    const seconds = (BigInt(this.#u32(12) | 0) << 32n) + BigInt(this.#u32(8));
    return (seconds * 1_000_000_000n + BigInt(this.#u32(16))).toString();
  }

  get changedAt(): number {
    return Math.max(this.#milliseconds(8), this.#milliseconds(20));
  }

  get nlink(): number {
    return this.#u32(STATE_LENGTH);
  }

  get rdevMajor(): number {
    return this.#u32(STATE_LENGTH + 4);
  }

  get rdevMinor(): number {
    return this.#u32(STATE_LENGTH + 8);
  }

  #milliseconds(at: number): number {
    const seconds = (this.#u32(at + 4) | 0) * 0x1_0000_0000 + this.#u32(at);
    return seconds * 1000 + this.#u32(at + 8) / 1_000_000;
  }

  #u32(at: number): number {
    const byte = (i: number): number => this.#numbers.charCodeAt(at + i);
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
  }
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
  const xattrs: (readonly [string, string])[] | undefined = xattrCount === 0 ? undefined : [];
  for (let i = 0; i < xattrCount; i++) {
    if (next + 4 > buffer.length) throw malformed();
    const size = buffer.readUInt32LE(next);
    const nameEnd = buffer.indexOf(0, next + 4);
    const valueEnd = nameEnd + 1 + size;
    if (nameEnd < 0 || valueEnd > buffer.length) throw malformed();
    xattrs?.push([
      nameOfBytes(buffer, next + 4, nameEnd),
      buffer.toString("hex", nameEnd + 1, valueEnd),
    ]);
    next = valueEnd;
  }
  found(
    new Entry(buffer, at, {
      path: nameOfBytes(buffer, pathAt, pathAt + pathLength),
      type,
      link: linkLength === 0 ? "" : nameOfBytes(buffer, linkAt, linkAt + linkLength),
      xattrs: xattrs ?? noXattrs,
    }),
  );
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
