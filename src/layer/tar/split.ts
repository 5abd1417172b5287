// SPDX-License-Identifier: Apache-2.0
// A tar cut where contents of files begin and end, with every byte kept: for writing a tar in another form, not for reading
// one (read.ts). Strict like it; sparse files are refused, because their bytes in the archive are not those of the file.

import { refused } from "../names.js";
import type { LayerLimits } from "../types.js";
import { TsbuildError } from "../../base/index.js";
import { BLOCK, checkSum, flags, isHeaderOnly, malformed, readNumber } from "./header.js";
import { numberOf, parsePax, sizeRecord, type PaxRecords } from "./pax.js";

/** An entry as its headers describe it. Strings have one character per byte. */
export interface SplitEntry {
  readonly type: "reg" | "dir" | "symlink" | "hardlink" | "char" | "block" | "fifo";
  readonly name: string;
  readonly link: string;
  /** As in the header: some archives have bits of the type in it. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly groupName: string;
  /** Whole seconds since the epoch; undefined: the header says nothing that can be read. */
  readonly mtime: number | undefined;
  /** Of the content that follows. */
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: readonly (readonly [name: string, value: string])[];
}

export type TarPart =
  /** Headers, padding, the end mark and what follows it. */
  | { readonly kind: "frame"; readonly bytes: Buffer }
  /** The headers of an entry are over. */
  | { readonly kind: "entry"; readonly entry: SplitEntry }
  /** Of the last entry. */
  | { readonly kind: "content"; readonly bytes: Buffer };

const types: Readonly<Record<string, SplitEntry["type"]>> = {
  "\0": "reg",
  "0": "reg",
  "7": "reg",
  [flags.hardLink]: "hardlink",
  [flags.symlink]: "symlink",
  [flags.char]: "char",
  [flags.block]: "block",
  [flags.directory]: "dir",
  [flags.fifo]: "fifo",
};
const extended: readonly string[] = [
  flags.pax,
  flags.paxGlobal,
  flags.gnuLongLink,
  flags.gnuLongName,
];

const XATTR_KEY = "SCHILY.xattr.";
const ALL_ZERO = Buffer.alloc(BLOCK);

export class TarSplitter {
  readonly #limits: LayerLimits;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes that pass: content, then its padding. */
  #content = 0;
  #padding = 0;
  /** An extended header that is being collected. */
  #collecting: { readonly flag: string; readonly size: number } | undefined;
  #records: PaxRecords = [];
  #recordBytes = 0;
  #zeroBlocks = 0;
  #entries = 0;

  constructor(limits: LayerLimits) {
    this.#limits = limits;
  }

  /** Takes bytes in; all of them come out, in order. Throws LAYER_TAR, LAYER_ENTRY, LAYER_LIMIT. */
  *push(chunk: Buffer): Generator<TarPart, void, undefined> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length > 0) {
      const passed = this.#pass(bytes);
      if (passed !== undefined) {
        yield passed;
        bytes = bytes.subarray(passed.bytes.length);
        continue;
      }
      const wanted = this.#collecting === undefined ? BLOCK : padded(this.#collecting.size);
      if (bytes.length < wanted) break;
      yield* this.#header(bytes.subarray(0, wanted));
      bytes = bytes.subarray(wanted);
    }
    this.#held = Buffer.from(bytes);
  }

  /** The input is over. */
  end(): void {
    const inside = this.#held.length > 0 || this.#content > 0 || this.#padding > 0;
    if (inside || this.#records.length > 0 || this.#collecting !== undefined)
      throw malformed("it ends in the middle of an entry");
  }

  #pass(bytes: Buffer): Extract<TarPart, { readonly bytes: Buffer }> | undefined {
    if (this.#zeroBlocks === 2) return { kind: "frame", bytes };
    if (this.#content > 0) {
      const part = bytes.subarray(0, this.#content);
      this.#content -= part.length;
      return { kind: "content", bytes: part };
    }
    if (this.#padding === 0) return undefined;
    const part = bytes.subarray(0, this.#padding);
    this.#padding -= part.length;
    return { kind: "frame", bytes: part };
  }

  *#header(bytes: Buffer): Generator<TarPart, void, undefined> {
    yield { kind: "frame", bytes };
    if (this.#collecting !== undefined) {
      this.#extended(this.#collecting.flag, bytes.subarray(0, this.#collecting.size));
      this.#collecting = undefined;
      return;
    }
    if (bytes.equals(ALL_ZERO)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) throw malformed("something follows half an end mark");
    checkSum(bytes);
    const flag = String.fromCharCode(bytes[156] ?? 0);
    if (extended.includes(flag)) {
      const size = readNumber(bytes, 124, 12);
      this.#recordBytes += size;
      if (this.#recordBytes > this.#limits.headerBytes)
        throw new TsbuildError("LAYER_LIMIT", "an extended header is longer than allowed");
      if (size > 0) this.#collecting = { flag, size };
      return;
    }
    if (++this.#entries > this.#limits.entries)
      throw new TsbuildError(
        "LAYER_LIMIT",
        `the tar has more than ${this.#limits.entries} entries`,
      );
    const entry = entryOf(bytes, flag, this.#records);
    this.#records = [];
    this.#recordBytes = 0;
    this.#content = entry.size;
    this.#padding = padded(entry.size) - entry.size;
    yield { kind: "entry", entry };
  }

  #extended(flag: string, bytes: Buffer): void {
    // Container tools take no notice of global headers.
    if (flag === flags.paxGlobal) this.#recordBytes -= bytes.length;
    else if (flag === flags.pax) this.#records = [...this.#records, ...parsePax(bytes)];
    else {
      const key = flag === flags.gnuLongName ? "path" : "linkpath";
      this.#records = [...this.#records, [key, text(bytes, 0, bytes.length)]];
    }
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** Up to a NUL byte. */
function text(bytes: Buffer, at: number, length: number): string {
  return bytes.toString("latin1", at, at + length).replace(/\0.*$/s, "");
}

/** POSIX has the front of a long name in a field of its own; old GNU headers have other things there. */
function nameOf(block: Buffer): string {
  const name = text(block, 0, 100);
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? text(block, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function entryOf(block: Buffer, flag: string, list: PaxRecords): SplitEntry {
  const records = Object.fromEntries(list);
  const name = records["path"] ?? nameOf(block);
  const type = Object.hasOwn(types, flag) ? types[flag] : undefined;
  if (flag === flags.gnuSparse || list.some(([key]) => key.startsWith("GNU.sparse.")))
    throw refused(name, "it is a sparse file, which this compression cannot hold");
  if (type === undefined) throw refused(name, "its type is not supported");
  const size = isHeaderOnly(flag) ? 0 : (sizeRecord(list) ?? readNumber(block, 124, 12));
  const device = type === "char" || type === "block";
  return {
    // Old archives have directories as files whose names end so.
    type: type === "reg" && size === 0 && name.endsWith("/") ? "dir" : type,
    name,
    link: records["linkpath"] ?? text(block, 157, 100),
    mode: readNumber(block, 100, 8),
    uid: numberOf(records, "uid", readNumber(block, 108, 8)),
    gid: numberOf(records, "gid", readNumber(block, 116, 8)),
    userName: records["uname"] ?? text(block, 265, 32),
    groupName: records["gname"] ?? text(block, 297, 32),
    mtime: mtimeOf(block, records),
    size,
    devMajor: device ? readNumber(block, 329, 8) : 0,
    devMinor: device ? readNumber(block, 337, 8) : 0,
    xattrs: list.flatMap(([key, value]) =>
      key.startsWith(XATTR_KEY) ? [[key.slice(XATTR_KEY.length), value] as const] : [],
    ),
  };
}

/** Before 1970 the field is a negative number in GNU's form, which is not worth reading. */
function mtimeOf(block: Buffer, records: Readonly<Record<string, string>>): number | undefined {
  const header = block[136] === 0xff ? Number.NaN : readNumber(block, 136, 12);
  const mtime = numberOf(records, "mtime", header);
  return Number.isFinite(mtime) ? mtime : undefined;
}
