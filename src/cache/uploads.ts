// SPDX-License-Identifier: Apache-2.0
// Bytes on their way to a service that takes them in pieces.

import type { Readable } from "node:stream";
import { eachAtOnce } from "../base/index.js";
import { piecesOf } from "../registry/index.js";

const piecesAtOnce = 4;

/** What is written. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  readonly open: () => Readable;
}

/** What is being written. Both throw CACHE_SERVICE. */
export interface Upload {
  /** Sends a piece; several may be on their way, in any order. `index` counts from 0. */
  piece(index: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Makes it one that is found, when its pieces are all there. */
  finish(signal: AbortSignal): Promise<void>;
}

/** Sends it all, in pieces of so many bytes. A few of them are in memory at a time. */
export async function send(
  upload: Upload,
  { open }: Content,
  pieceSize: number,
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  const pieces = (async function* () {
    for await (const bytes of piecesOf(open(), pieceSize)) yield { index: count++, bytes };
  })();
  await eachAtOnce(pieces, piecesAtOnce, signal, ({ index, bytes }, own) =>
    upload.piece(index, bytes, own),
  );
  await upload.finish(signal);
}
