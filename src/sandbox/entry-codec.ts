// SPDX-License-Identifier: Apache-2.0
// The record of a directory entry as it travels between Node and the helper. Its twin is native/entry.c.

import { bytesOfName, nameOfBytes, TsbuildError } from "../base/index.js";
import type { FrameWriter } from "./frames.js";
import type { ApplyEntry, EntryType, TreeEntry } from "./types.js";

const letters: Readonly<Record<string, EntryType>> = {
  f: "file",
  d: "dir",
  l: "symlink",
  c: "char",
  b: "block",
  p: "fifo",
  s: "socket",
};
/** By the byte of the letter. */
const typeOfLetter: readonly (EntryType | undefined)[] = Array.from(
  { length: 256 },
  (_, byte) => letters[String.fromCharCode(byte)],
);

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

/** Where the fields of a record lie, from its letter on. */
const AT = {
  mode: 1,
  uid: 5,
  gid: 9,
  size: 13,
  mtime: 21,
  ctime: 33,
  nlink: 61,
  rdevMajor: 65,
  rdevMinor: 69,
  pathLength: 73,
  linkLength: 77,
  xattrCount: 81,
} as const;
/** The state ends here: size, times, device and inode. */
const STATE_END = AT.nlink;
/** Characters of `TreeEntry.state`. */
export const stateSize: number = STATE_END - AT.size;
/** Bytes before the strings of a record. */
const HEAD = 85;

function malformed(): TsbuildError {
  return new TsbuildError(
    "SANDBOX_HELPER_EVENT",
    "the native helper sent a malformed directory entry",
  );
}

const noXattrs: TreeEntry["xattrs"] = [];

/** An entry of a list: a view of its record. There may be very many, and most of what they say is asked for once or never. */
class Entry implements TreeEntry {
  readonly #records: Buffer;
  readonly #at: number;
  /** Asked for in each step from the list to the copy. */
  #path: string | undefined;

  /** The record at `at` has been found to be whole. */
  constructor(records: Buffer, at: number) {
    this.#records = records;
    this.#at = at;
  }

  get type(): EntryType {
    const type = typeOfLetter[this.#records[this.#at] ?? 0];
    if (type === undefined) throw malformed();
    return type;
  }

  get path(): string {
    return (this.#path ??= nameOfBytes(this.#records, this.#pathAt, this.#pathEnd));
  }

  get mode(): number {
    return this.#u32(AT.mode);
  }

  get uid(): number {
    return this.#u32(AT.uid);
  }

  get gid(): number {
    return this.#u32(AT.gid);
  }

  get size(): number {
    return this.#u32(AT.size) + this.#u32(AT.size + 4) * 0x1_0000_0000;
  }

  get mtimeNs(): string {
    const seconds = this.#records.readBigInt64LE(this.#at + AT.mtime);
    return (seconds * 1_000_000_000n + BigInt(this.#u32(AT.mtime + 8))).toString();
  }

  get state(): string {
    return this.#records.toString("latin1", this.#at + AT.size, this.#at + STATE_END);
  }

  hasState(known: Uint8Array, at: number): boolean {
    const start = this.#at + AT.size;
    for (let i = 0; i < stateSize; i++)
      if (this.#records[start + i] !== known[at + i]) return false;
    return true;
  }

  get changedAt(): number {
    return Math.max(this.#milliseconds(AT.mtime), this.#milliseconds(AT.ctime));
  }

  get nlink(): number {
    return this.#u32(AT.nlink);
  }

  get rdevMajor(): number {
    return this.#u32(AT.rdevMajor);
  }

  get rdevMinor(): number {
    return this.#u32(AT.rdevMinor);
  }

  get link(): string {
    return nameOfBytes(this.#records, this.#pathEnd + 1, this.#linkEnd);
  }

  get xattrs(): TreeEntry["xattrs"] {
    const count = this.#u32(AT.xattrCount);
    if (count === 0) return noXattrs;
    const xattrs: (readonly [string, string])[] = [];
    let at = this.#linkEnd + 1;
    for (let i = 0; i < count; i++) {
      const { nameEnd, end } = xattrAt(this.#records, at);
      xattrs.push([
        nameOfBytes(this.#records, at + 4, nameEnd),
        this.#records.toString("hex", nameEnd + 1, end),
      ]);
      at = end;
    }
    return xattrs;
  }

  get #pathAt(): number {
    return this.#at + HEAD;
  }

  get #pathEnd(): number {
    return this.#pathAt + this.#u32(AT.pathLength);
  }

  get #linkEnd(): number {
    return this.#pathEnd + 1 + this.#u32(AT.linkLength);
  }

  #milliseconds(field: number): number {
    const seconds = (this.#u32(field + 4) | 0) * 0x1_0000_0000 + this.#u32(field);
    return seconds * 1000 + this.#u32(field + 8) / 1_000_000;
  }

  #u32(field: number): number {
    return this.#records.readUInt32LE(this.#at + field);
  }
}

/** The extended attribute at `at`: u32 size, name, NUL, value. */
function xattrAt(records: Buffer, at: number): { nameEnd: number; end: number } {
  if (at + 4 > records.length) throw malformed();
  const nameEnd = records.indexOf(0, at + 4);
  const end = nameEnd + 1 + records.readUInt32LE(at);
  if (nameEnd < 0 || end > records.length) throw malformed();
  return { nameEnd, end };
}

/** Where the record after the one at `at` begins. Throws unless all of it is there. */
function endOfRecord(records: Buffer, at: number): number {
  if (at + HEAD > records.length || typeOfLetter[records[at] ?? 0] === undefined) throw malformed();
  const strings =
    records.readUInt32LE(at + AT.pathLength) + records.readUInt32LE(at + AT.linkLength);
  let end = at + HEAD + strings + 2;
  if (end > records.length) throw malformed();
  for (let left = records.readUInt32LE(at + AT.xattrCount); left > 0; left--)
    end = xattrAt(records, end).end;
  return end;
}

/** Appends all records of a frame to `entries`, which keep a copy of it. */
export function decodeEntries(frame: Buffer, entries: TreeEntry[]): void {
  const records = Buffer.allocUnsafeSlow(frame.length);
  frame.copy(records);
  for (let at = 0; at < records.length;) {
    const end = endOfRecord(records, at);
    entries.push(new Entry(records, at));
    at = end;
  }
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
