// SPDX-License-Identifier: Apache-2.0
// What a stream is, told by its first bytes: an archive (and how compressed) or text. Unpacks nothing.

import type { Readable } from "node:stream";
import { Readable as ReadableStream } from "node:stream";
import type { Compression } from "./types.js";

/** Enough to hold a tar header. */
const headLength = 512;

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];

/** The compression that the first bytes announce. */
export function detectCompression(head: Uint8Array): Compression {
  const found = magics.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  return found?.[0] ?? "none";
}

/**
 * True when the bytes are a tar header: its checksum is right. (The `ustar` magic is not asked for: the oldest tars have none.) An
 * archive of nothing, all zeros, counts.
 */
export function isTarHeader(head: Uint8Array): boolean {
  if (head.length < headLength) return false;
  let sum = 0;
  let zeros = true;
  for (let i = 0; i < headLength; i++) {
    const byte = head[i] ?? 0;
    if (byte !== 0) zeros = false;
    sum += i >= 148 && i < 156 ? 0x20 : byte;
  }
  if (zeros) return true;
  const digits = Buffer.from(head.subarray(148, 156)).toString("latin1");
  const match = /^ *([0-7]+)[ \0]*$/.exec(digits);
  return match?.[1] !== undefined && parseInt(match[1], 8) === sum;
}

/** What a stream turned out to be. */
export type Sniffed =
  | { readonly kind: "empty" }
  | { readonly kind: "archive"; readonly stream: Readable; readonly compression: Compression }
  | { readonly kind: "text"; readonly stream: Readable };

/** Reads the beginning of a stream and says what it is; the stream handed back still begins at the beginning. */
export async function sniff(source: Readable): Promise<Sniffed> {
  const chunks = (source as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]();
  const start: Buffer[] = [];
  let length = 0;
  let ended = false;
  while (length < headLength) {
    const next = await chunks.next();
    if (next.done === true) {
      ended = true;
      break;
    }
    const chunk = Buffer.from(next.value as Uint8Array);
    start.push(chunk);
    length += chunk.length;
  }
  const head = Buffer.concat(start);
  if (head.length === 0) return { kind: "empty" };
  const stream = ReadableStream.from(replay(head, ended ? undefined : chunks), {
    objectMode: false,
  });
  const compression = detectCompression(head);
  if (compression !== "none" || isTarHeader(head)) return { kind: "archive", stream, compression };
  return { kind: "text", stream };
}

async function* replay(
  head: Buffer,
  rest: AsyncIterator<Uint8Array | string> | undefined,
): AsyncGenerator<Uint8Array | string> {
  yield head;
  if (rest === undefined) return;
  try {
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
