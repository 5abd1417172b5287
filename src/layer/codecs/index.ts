// SPDX-License-Identifier: Apache-2.0
// The compressions that are read, one row each, recognised by their first bytes: names and media types may lie.

import { decompressBzip2 } from "./bzip2.js";
import { decompressGzip } from "./gzip.js";
import { decompressXz } from "./xz.js";
import { decompressZstd } from "./zstd.js";

export interface Codec {
  readonly name: "gzip" | "zstd" | "bzip2" | "xz";
  /** Whether data begins as this compression does. `start` has SNIFF_SIZE bytes, or all there are. */
  readonly recognises: (start: Buffer) => boolean;
  readonly decompress: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Bytes that recognising looks at. */
export const SNIFF_SIZE = 6;

function begins(...magic: readonly number[]): (start: Buffer) => boolean {
  return (start) => magic.every((byte, i) => start[i] === byte);
}

/** A zstd frame, or a skippable one in front of it. */
function isZstd(start: Buffer): boolean {
  if (start.length < 4) return false;
  const magic = start.readUInt32LE(0);
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5;
}

export const codecs: readonly Codec[] = [
  { name: "gzip", recognises: begins(0x1f, 0x8b, 0x08), decompress: decompressGzip },
  { name: "zstd", recognises: isZstd, decompress: decompressZstd },
  { name: "bzip2", recognises: begins(0x42, 0x5a, 0x68), decompress: decompressBzip2 },
  {
    name: "xz",
    recognises: begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
    decompress: decompressXz,
  },
];

/** Reads the first bytes without losing them. */
async function sniff(
  iterator: AsyncIterator<Uint8Array>,
): Promise<{ readonly start: Buffer; readonly chunks: readonly Uint8Array[] }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < SNIFF_SIZE) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    length += next.value.length;
  }
  return { start: Buffer.concat(chunks.map((chunk) => chunk.subarray(0, SNIFF_SIZE))), chunks };
}

async function* resumed(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      yield next.value;
  } finally {
    await iterator.return?.();
  }
}

/** The decompressed bytes, whatever the compression; bytes of none that is known pass unchanged. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const { start, chunks } = await sniff(iterator);
  const codec = codecs.find(({ recognises }) => recognises(start));
  const whole = resumed(chunks, iterator);
  yield* codec === undefined ? whole : codec.decompress(whole);
}
