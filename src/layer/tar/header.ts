// SPDX-License-Identifier: Apache-2.0
// The fields of a tar header block that decide where the next one is. Everything else is left to tar-stream.

import { TsbuildError } from "../../base/index.js";

export const BLOCK = 512;

/** Type flags that have a meaning here. */
export const flags = {
  hardLink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  gnuLongLink: "K",
  gnuLongName: "L",
  gnuSparse: "S",
  paxGlobal: "g",
  pax: "x",
} as const;

const headerOnly: ReadonlySet<string> = new Set([
  flags.hardLink,
  flags.symlink,
  flags.char,
  flags.block,
  flags.directory,
  flags.fifo,
]);

/** Entries of these types have no content, whatever their header says of a size. */
export function isHeaderOnly(flag: string): boolean {
  return headerOnly.has(flag);
}

/** The error for a tar that cannot be understood. */
export function malformed(problem: string): TsbuildError {
  return new TsbuildError("LAYER_TAR", `the tar is damaged: ${problem}`);
}

/** A number: octal digits, or (first byte 0x80) big-endian binary. Negative binary numbers are refused. */
export function readNumber(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) {
    if (first !== 0x80) throw malformed("a number is out of range");
    let value = 0;
    for (let i = 1; i < length; i++) value = value * 256 + (block[at + i] ?? 0);
    if (!Number.isSafeInteger(value)) throw malformed("a number is out of range");
    return value;
  }
  const text = block
    .toString("latin1", at, at + length)
    .replace(/\0.*$/s, "")
    .trim();
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw malformed("a number is not octal");
  return parseInt(text, 8);
}

function sumOf(block: Buffer): number {
  let sum = 8 * 32;
  for (let i = 0; i < 148; i++) sum += block[i] ?? 0;
  for (let i = 156; i < BLOCK; i++) sum += block[i] ?? 0;
  return sum;
}

/** Fails unless the block's checksum is right. (Historic tars summed signed bytes; those are gone.) */
export function checkSum(block: Buffer): void {
  if (readNumber(block, 148, 8) !== sumOf(block)) throw malformed("a header has a wrong checksum");
}

/** A copy of a header with another type and size, and the checksum that belongs to it. */
export function withTypeAndSize(block: Buffer, flag: string, size: number): Buffer {
  const copy = Buffer.from(block);
  copy[156] = flag.charCodeAt(0);
  if (size < 8 ** 11) copy.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  else {
    copy.fill(0, 124, 136);
    copy[124] = 0x80;
    copy.writeBigUInt64BE(BigInt(size), 128);
  }
  copy.write(`${sumOf(copy).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return copy;
}

/** The header of a regular file that anybody may read, of nobody's and no time. */
export function fileHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, "latin1");
  header.write("0000644\0" + "0000000\0".repeat(2), 100, "latin1");
  header.write("00000000000\0", 136, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  return withTypeAndSize(header, "0", size);
}

/** An extended header with its records, padded to whole blocks. */
export function paxBlocks(records: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write("PaxHeader", 0, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write("0000644\0", 100, "latin1");
  const padding = (BLOCK - (records.length % BLOCK)) % BLOCK;
  return Buffer.concat([
    withTypeAndSize(header, flags.pax, records.length),
    records,
    Buffer.alloc(padding),
  ]);
}
