// SPDX-License-Identifier: Apache-2.0
// The fields of a tar header block that decide where the next one is. Everything else is left to tar-stream.

import { TsbuildError } from "../../base/index.js";

export const BLOCK = 512;

/** Type flags that have a meaning here. */
export const flags = {
  oldFile: "\0",
  hardLink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  gnuLongLink: "K",
  gnuLongName: "L",
  /** Of a GNU tar of long ago: names of other entries. */
  gnuNames: "N",
  gnuSparse: "S",
  gnuVolume: "V",
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

/** Fails unless the numbers of an entry that others read from its header are numbers. */
export function checkNumbers(block: Buffer, flag: string): void {
  const device = flag === flags.char || flag === flags.block;
  // Mode, owner and group; major and minor.
  for (const at of device ? [100, 108, 116, 329, 337] : [100, 108, 116]) readNumber(block, at, 8);
}

/** The time of an entry that is before 1970, in the form that GNU tar gives it. */
export function timeBefore1970(block: Buffer): number | undefined {
  return block[136] === 0xff ? Number(block.readBigInt64BE(140)) : undefined;
}

/**
 * A name whose front is where POSIX has it although the header is GNU's, which has times there: old versions of Docker wrote
 * such headers for files of owners with high numbers. undefined: any other header.
 */
export function nameInGnuHeader(block: Buffer): string | undefined {
  if (block[345] === 0 || block.toString("latin1", 257, 265) !== "ustar  \0") return undefined;
  const front = text(block, 345, 155);
  const isTime = /^[0-7 ]*$/.test(front) || !/^[\x20-\x7e]*$/.test(front);
  return isTime ? undefined : `${front}/${text(block, 0, 100)}`;
}

/** Whether the name in a header ends as directories' do. */
export function isNamedDirectory(block: Buffer): boolean {
  return text(block, 0, 100).endsWith("/");
}

/** Up to a NUL byte. */
function text(block: Buffer, at: number, length: number): string {
  return block.toString("latin1", at, at + length).replace(/\0.*$/s, "");
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
