// SPDX-License-Identifier: Apache-2.0
// Brings the dialects of tar into one form before tar-stream reads them: GNU's long names become PAX records, PAX values
// become text that survives decoding as UTF-8, old sparse maps become a record, global headers vanish, sizes of entries
// without content become 0, and everything after the end mark is dropped. Strict: what is malformed fails. Bounded: no
// header is collected beyond the limit.

import { TsbuildError } from "../../base/index.js";
import type { LayerLimits } from "../types.js";
import {
  BLOCK,
  checkNumbers,
  checkSum,
  flags,
  isHeaderOnly,
  isNamedDirectory,
  malformed,
  nameInGnuHeader,
  readNumber,
  timeBefore1970,
  withTypeAndSize,
} from "./header.js";
import { formatPax, parsePax, sizeRecord, type PaxRecords } from "./pax.js";
import { formatMap, gnuPairs, MAP_KEY, translateSparse } from "./sparse.js";
import { paxBlocks } from "./write.js";

type State =
  | { readonly kind: "header" }
  /** Collecting an extended header whole. */
  | { readonly kind: "extended"; readonly flag: string; readonly size: number }
  /** Old sparse header: further blocks of its map. */
  | { readonly kind: "sparse"; readonly header: Buffer; readonly numbers: number[] }
  /** Bytes that pass unchanged. */
  | { readonly kind: "content"; readonly left: number }
  | { readonly kind: "end" };

const ALL_ZERO = Buffer.alloc(BLOCK);

export class TarNormaliser {
  readonly #limits: LayerLimits;
  #state: State = { kind: "header" };
  #held: Buffer = Buffer.alloc(0);
  #records: PaxRecords = [];
  #recordBytes = 0;
  #zeroBlocks = 0;
  #entries = 0;

  constructor(limits: LayerLimits) {
    this.#limits = limits;
  }

  /** True once the end mark has been seen. */
  get ended(): boolean {
    return this.#state.kind === "end";
  }

  /** Takes bytes in, gives bytes out. */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length > 0) {
      const state = this.#state;
      if (state.kind === "end") break;
      if (state.kind === "content") {
        const part = bytes.subarray(0, state.left);
        yield part;
        bytes = bytes.subarray(part.length);
        const left = state.left - part.length;
        this.#state = left > 0 ? { kind: "content", left } : { kind: "header" };
        continue;
      }
      const wanted = state.kind === "extended" ? padded(state.size) : BLOCK;
      if (bytes.length < wanted) break;
      yield* this.#take(state, bytes.subarray(0, wanted));
      bytes = bytes.subarray(wanted);
    }
    this.#held = this.#state.kind === "end" ? Buffer.alloc(0) : Buffer.from(bytes);
  }

  /** The input is over: two zero blocks for the reader, whether or not the archive had them. */
  end(): Buffer {
    if (this.#held.length > 0 || (this.#state.kind !== "header" && this.#state.kind !== "end"))
      throw malformed("it ends in the middle of an entry");
    if (this.#records.length > 0) throw malformed("an extended header stands at its end");
    return Buffer.alloc(2 * BLOCK);
  }

  *#take(
    state: Exclude<State, { kind: "content" | "end" }>,
    bytes: Buffer,
  ): Generator<Buffer, void, undefined> {
    switch (state.kind) {
      case "header":
        yield* this.#header(bytes);
        return;
      case "extended":
        this.#extended(state.flag, Buffer.from(bytes.subarray(0, state.size)));
        this.#state = { kind: "header" };
        return;
      case "sparse": {
        const numbers = [...state.numbers, ...gnuPairs(bytes, 0, 21)];
        if (bytes[504] !== 0) {
          if (numbers.length / 2 > this.#limits.sparsePieces) throw this.#tooLong("a sparse map");
          this.#state = { ...state, numbers };
        } else yield* this.#sparseEntry(state.header, numbers);
        return;
      }
    }
  }

  *#header(block: Buffer): Generator<Buffer, void, undefined> {
    if (block.equals(ALL_ZERO)) {
      if (++this.#zeroBlocks === 2) this.#state = { kind: "end" };
      return;
    }
    if (this.#zeroBlocks > 0) throw malformed("something follows half an end mark");
    checkSum(block);
    const flag = String.fromCharCode(block[156] ?? 0);
    const size = isHeaderOnly(flag) ? 0 : readNumber(block, 124, 12);
    switch (flag) {
      case flags.pax:
      case flags.paxGlobal:
      case flags.gnuLongLink:
      case flags.gnuLongName:
        this.#recordBytes += size;
        if (this.#recordBytes > this.#limits.headerBytes) throw this.#tooLong("an extended header");
        this.#state = size === 0 ? this.#state : { kind: "extended", flag, size };
        return;
      case flags.gnuSparse: {
        const header = Buffer.from(block);
        const numbers = gnuPairs(block, 386, 4);
        if (block[482] !== 0) this.#state = { kind: "sparse", header, numbers };
        else yield* this.#sparseEntry(header, numbers);
        return;
      }
      default:
        yield* this.#entry(block, flag, size);
    }
  }

  *#sparseEntry(header: Buffer, numbers: readonly number[]): Generator<Buffer, void, undefined> {
    this.#records = [...this.#records, [MAP_KEY, formatMap(numbers, readNumber(header, 483, 12))]];
    // Fields of the old GNU format stand where POSIX has the name's prefix.
    header.fill(0, 345, BLOCK);
    yield* this.#entry(header, "0", readNumber(header, 124, 12));
  }

  *#entry(block: Buffer, flag: string, headerSize: number): Generator<Buffer, void, undefined> {
    if (++this.#entries > this.#limits.entries)
      throw new TsbuildError(
        "LAYER_LIMIT",
        `the tar has more than ${this.#limits.entries} entries`,
      );
    checkNumbers(block, flag);
    const records = translateSparse(this.#records, this.#limits);
    this.#records = [];
    this.#recordBytes = 0;
    const size = isHeaderOnly(flag) ? 0 : (sizeRecord(records) ?? headerSize);
    // tar-stream reads such a time as one second later, and only the end of such a name.
    const time = timeBefore1970(block);
    const name = nameInGnuHeader(block);
    const kept = [
      ...(time === undefined ? [] : [["mtime", String(time)] as const]),
      ...(name === undefined ? [] : [["path", name] as const]),
      ...records.filter(([key]) => key !== "size"),
    ];
    if (kept.length > 0) yield paxBlocks(formatPax(kept));
    yield withTypeAndSize(block, knownFlag(block, flag, size, kept), size);
    this.#state = size === 0 ? { kind: "header" } : { kind: "content", left: padded(size) };
  }

  #extended(flag: string, bytes: Buffer): void {
    // Global headers would rename or resize strangers' later entries; container tools take no notice of them.
    if (flag === flags.paxGlobal) {
      this.#recordBytes -= bytes.length;
      return;
    }
    if (flag === flags.pax) {
      this.#records = [...this.#records, ...parsePax(bytes)];
      return;
    }
    const nul = bytes.indexOf(0);
    const text = bytes.toString("latin1", 0, nul < 0 ? bytes.length : nul);
    this.#records = [...this.#records, [flag === flags.gnuLongName ? "path" : "linkpath", text]];
  }

  #tooLong(what: string): TsbuildError {
    return new TsbuildError("LAYER_LIMIT", `${what} of the tar is longer than allowed`);
  }
}

/** The type for tar-stream, which would take GNU's old list of names for the name of the next entry. */
function knownFlag(block: Buffer, flag: string, size: number, records: PaxRecords): string {
  if (flag === flags.gnuNames) return flags.gnuVolume;
  if (flag !== flags.oldFile) return flag;
  // Archives from before there were types have directories as files whose names end with a slash.
  const path = records.findLast(([key]) => key === "path")?.[1];
  if (!(path === undefined ? isNamedDirectory(block) : path.endsWith("/"))) return flag;
  // Some readers skip it, some take it for entries.
  if (size > 0) throw malformed("a directory has content");
  return flags.directory;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
