// SPDX-License-Identifier: Apache-2.0
// Files of the machine that are read whole, and so may not be large: whoever named them may be mistaken, or wish us ill.

import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/** Bytes that are asked for together. */
const atOnce = 64 * 1024;
const leastAtOnce = 4096;

/**
 * Opens a regular file for reading, symlinks followed. Undefined: it is something else. A fifo would make us wait, and a device
 * has no end; neither can be given up once it is begun. Throws errors of node:fs.
 */
export async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/**
 * The bytes of a regular file, symlinks followed, or why there are none. Of a larger one, no more than one byte beyond the limit is
 * read. Throws errors of node:fs.
 */
export async function readSmallFile(
  path: string,
  maxBytes: number,
): Promise<Buffer | "not regular" | "too large"> {
  await using handle = await openRegularFile(path);
  return handle === undefined ? "not regular" : await readAtMost(handle, maxBytes);
}

/** The same of whatever the path leads to: a pipe, too, such as a shell's `<(command)`. */
export async function readSmallInput(
  path: string,
  maxBytes: number,
): Promise<Buffer | "too large"> {
  await using handle = await open(path);
  return await readAtMost(handle, maxBytes);
}

async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Buffer | "too large"> {
  const { size } = await handle.stat();
  if (size > maxBytes) return "too large";
  const chunks: Buffer[] = [];
  let length = 0;
  // A file may grow, and pipes and those of /proc do not tell their sizes: the end is where nothing more comes.
  for (let expected = size + 1; length <= maxBytes; expected = atOnce) {
    const most = Math.min(Math.max(expected, leastAtOnce), maxBytes + 1 - length);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(most), 0, most, null);
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return "too large";
}

/** All bytes of a stream, which is given up where there are more. */
export async function readSmallStream(
  stream: NodeJS.ReadableStream,
  maxBytes: number,
): Promise<Buffer | "too large"> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) return "too large";
  }
  return Buffer.concat(chunks, length);
}
