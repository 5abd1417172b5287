// SPDX-License-Identifier: Apache-2.0
// Parts of a tar: what stands before and behind the content of its entries. They are nobody's, and have no time.

import { BLOCK, flags, withTypeAndSize } from "./header.js";
import { formatPax } from "./pax.js";

const NAME_LENGTH = 100;

/** What ends a tar. */
export const endMark: Buffer = Buffer.alloc(2 * BLOCK);

function header(name: string, flag: string, mode: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, NAME_LENGTH, "latin1");
  block.write(`${mode}\0`, 100, "latin1");
  block.write("0000000\0".repeat(2), 108, "latin1");
  block.write("00000000000\0", 136, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  return withTypeAndSize(block, flag, size);
}

/** What follows content of so many bytes, up to the next block. */
export function paddingOf(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** An extended header with its records, padded to whole blocks. */
export function paxBlocks(records: Buffer): Buffer {
  return Buffer.concat([
    header("PaxHeader", flags.pax, "0000644", records.length),
    records,
    paddingOf(records.length),
  ]);
}

/** What stands before the content of a regular file that anybody may read. */
export function fileHeader(name: string, size: number): Buffer {
  const block = header(name, "0", "0000644", size);
  return name.length <= NAME_LENGTH
    ? block
    : Buffer.concat([paxBlocks(formatPax([["path", name]])), block]);
}

/** A directory, whose name is short and ends with a slash. */
export function directoryHeader(name: string): Buffer {
  return header(name, "5", "0000755", 0);
}
