// SPDX-License-Identifier: Apache-2.0
// OCI layouts that somebody else wrote: a base image or a cache in a directory.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { TsbuildError, errnoOf, openRegularFile, readSmallFile } from "../base/index.js";
import {
  algorithmOf,
  hexOf,
  ociLimits,
  parseIndex,
  type Descriptor,
  type Digest,
  type ImageIndex,
} from "../oci/index.js";
import { storeError } from "./errors.js";

/** Its index.json. Errors: STORE_LAYOUT, STORE_PERMISSION, STORE_IO, OCI_*. */
export async function readLayoutIndex(layout: string): Promise<ImageIndex> {
  const file = join(layout, "index.json");
  let bytes: Awaited<ReturnType<typeof readSmallFile>>;
  try {
    bytes = await readSmallFile(file, ociLimits.manifestBytes);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR")
      throw storeError(error, "read an OCI layout", file);
    throw new TsbuildError("STORE_LAYOUT", `${layout} is not an OCI layout: it has no index.json`, {
      cause: error,
    });
  }
  if (bytes === "not regular") throw notRegular(file);
  if (bytes === "too large")
    throw new TsbuildError(
      "STORE_LAYOUT",
      `${file} is larger than ${ociLimits.manifestBytes} bytes`,
    );
  return parseIndex(bytes);
}

function notRegular(file: string): TsbuildError {
  return new TsbuildError("STORE_LAYOUT", `${file} is not a regular file`);
}

/**
 * The bytes of a blob, not verified; at most one more than its size, so that a file that is too long is noticed and not read
 * to its end. The digest was checked when it was parsed, so its hex is safe in a path. Errors: STORE_LAYOUT, STORE_PERMISSION, STORE_IO.
 */
export async function* readLayoutBlob(
  layout: string,
  { digest, size }: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = blobFile(layout, digest);
  let handle: Awaited<ReturnType<typeof openRegularFile>>;
  try {
    handle = await openRegularFile(file);
  } catch (error) {
    throw blobError(error, layout, digest);
  }
  if (handle === undefined) throw notRegular(file);
  yield* handle.createReadStream({ end: size, signal }) as AsyncIterable<Uint8Array>;
}

/** The same, and fails at the end if they are not the descriptor's. */
export async function* verifiedLayoutBlob(
  layout: string,
  blob: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const algorithm = algorithmOf(blob.digest);
  const hash = createHash(algorithm);
  let size = 0;
  for await (const chunk of readLayoutBlob(layout, blob, signal)) {
    hash.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  if (size === blob.size && `${algorithm}:${hash.digest("hex")}` === blob.digest) return;
  throw new TsbuildError("STORE_LAYOUT", `${layout}: the blob ${blob.digest} is damaged`, {
    hint: "Write the layout anew.",
  });
}

/** Bytes of a blob's file. Errors: STORE_LAYOUT (it is not there), STORE_PERMISSION, STORE_IO. */
export async function layoutBlobSize(layout: string, digest: Digest): Promise<number> {
  try {
    return (await stat(blobFile(layout, digest))).size;
  } catch (error) {
    throw blobError(error, layout, digest);
  }
}

function blobError(cause: unknown, layout: string, digest: Digest): TsbuildError {
  if (errnoOf(cause) !== "ENOENT" && errnoOf(cause) !== "ENOTDIR")
    return storeError(cause, "read an OCI layout", blobFile(layout, digest));
  return new TsbuildError("STORE_LAYOUT", `${layout} has no blob ${digest}`, { cause });
}

function blobFile(layout: string, digest: Digest): string {
  return join(layout, "blobs", algorithmOf(digest), hexOf(digest));
}
