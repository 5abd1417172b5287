// SPDX-License-Identifier: Apache-2.0
// Bodies of uploads: a stream that tells how far it is, and a stream in pieces.

import { Readable } from "node:stream";

async function* counted(
  source: Readable,
  progress: (bytes: number) => void,
): AsyncGenerator<Buffer, void, void> {
  let sent = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk;
    sent += chunk.length;
    progress(sent);
  }
}

/** The same bytes; `progress` hears how many have been taken. */
export function countingStream(source: Readable, progress: (bytes: number) => void): Readable {
  return Readable.from(counted(source, progress), { objectMode: false });
}

/** The bytes in pieces of one size; the last may be shorter. One piece at a time is in memory. */
export async function* piecesOf(
  source: Readable,
  size: number,
): AsyncGenerator<Buffer, void, void> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of source as AsyncIterable<Buffer>)
    for (let rest = chunk; rest.length > 0;) {
      const part = rest.subarray(0, size - length);
      held.push(part);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length < size) continue;
      yield Buffer.concat(held);
      held = [];
      length = 0;
    }
  if (length > 0) yield Buffer.concat(held);
}
