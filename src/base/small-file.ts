// SPDX-License-Identifier: Apache-2.0
// Files of the machine that are read whole, and so may not be large: whoever named them may be mistaken, or wish us ill.

import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

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
  // A file may grow, and those of /proc do not tell their sizes.
  return await readSmallStream(
    handle.createReadStream({ end: maxBytes, autoClose: false }),
    maxBytes,
  );
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
