// SPDX-License-Identifier: Apache-2.0
// OCI layouts that somebody else wrote: a base image or a cache in a directory.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { TsbuildError, errnoOf } from "../base/index.js";
import {
  algorithmOf,
  hexOf,
  ociLimits,
  parseIndex,
  type Descriptor,
  type ImageIndex,
} from "../oci/index.js";
import { storeError } from "./errors.js";

/** Its index.json. Errors: STORE_LAYOUT, STORE_PERMISSION, STORE_IO, OCI_*. */
export async function readLayoutIndex(layout: string): Promise<ImageIndex> {
  const file = join(layout, "index.json");
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > ociLimits.manifestBytes)
      throw new TsbuildError(
        "STORE_LAYOUT",
        `${file} is larger than ${ociLimits.manifestBytes} bytes`,
      );
    bytes = await readFile(file);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR")
      throw storeError(error, "read an OCI layout", file);
    throw new TsbuildError("STORE_LAYOUT", `${layout} is not an OCI layout: it has no index.json`, {
      cause: error,
    });
  }
  return parseIndex(bytes);
}

/**
 * The bytes of a blob, not verified; at most one more than its size, so that a file that is too long is noticed and not read
 * to its end. The digest was checked when it was parsed, so its hex is safe in a path.
 */
export function readLayoutBlob(
  layout: string,
  { digest, size }: Descriptor,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const file = join(layout, "blobs", algorithmOf(digest), hexOf(digest));
  return createReadStream(file, { end: size, signal });
}
