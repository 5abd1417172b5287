// SPDX-License-Identifier: Apache-2.0
// Reading a small text whole, with a cap: Dockerfiles and ignore files from streams.

import type { Readable } from "node:stream";
import { TsbuildError } from "../base/index.js";

/** The largest Dockerfile that is read. */
export const maxDockerfileBytes: number = 16 * 1024 * 1024;
/** The largest ignore file that is read. */
export const maxIgnoreBytes: number = 4 * 1024 * 1024;

/** All bytes of a stream. More than `maxBytes`: CONTEXT_FILE_TOO_LARGE, naming `name`. */
export async function readAll(stream: Readable, name: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    length += bytes.length;
    if (length > maxBytes) throw tooLarge(name, maxBytes);
    chunks.push(Buffer.from(bytes));
  }
  return Buffer.concat(chunks);
}

/** The error for a text that is longer than we read. */
export function tooLarge(name: string, maxBytes: number): TsbuildError {
  return new TsbuildError("CONTEXT_FILE_TOO_LARGE", `${name} is larger than ${maxBytes} bytes`, {
    details: { name, maxBytes },
  });
}
