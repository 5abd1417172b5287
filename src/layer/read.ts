// SPDX-License-Identifier: Apache-2.0
// Reading layers and archives as entries.

import { createHash } from "node:crypto";
import { isTsbuildError, TsbuildError } from "../base/index.js";
import type { DiffId } from "../oci/index.js";
import { decompressed } from "./codecs/index.js";
import { readEntries } from "./entries.js";
import { checkSum, BLOCK } from "./tar/header.js";
import { defaultLimits, type LayerEntry, type LayerLimits } from "./types.js";

export interface ReadLayerOptions {
  /** What the decompressed tar must hash to; otherwise the last step of the iteration throws LAYER_DIGEST. */
  readonly diffId: DiffId;
  readonly limits?: Partial<LayerLimits>;
}

/** Passes bytes on, counts them, and at the end compares their digest. */
async function* verified(
  source: AsyncIterable<Uint8Array>,
  diffId: DiffId,
  limits: LayerLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const [algorithm = "sha256"] = diffId.split(":");
  const hash = createHash(algorithm);
  for await (const chunk of bounded(source, limits)) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (actual !== diffId)
    throw new TsbuildError(
      "LAYER_DIGEST",
      `the layer is not the one that its image names: ${diffId}`,
      {
        details: { expected: diffId, actual },
        hint: "the image is damaged or was put together wrongly; pull it again, or ask who published it",
      },
    );
}

async function* bounded(
  source: AsyncIterable<Uint8Array>,
  limits: LayerLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > limits.bytes)
      throw new TsbuildError(
        "LAYER_LIMIT",
        `it has more than ${limits.bytes} bytes when decompressed`,
      );
    yield chunk;
  }
}

/**
 * The entries of an image layer. `blob` gives the compressed bytes (their digest is the caller's to check). Nothing that
 * was read counts before the iteration has ended: the digest is known only then.
 * Errors: LAYER_*, and what `blob` throws.
 */
export function readLayer(
  blob: AsyncIterable<Uint8Array>,
  options: ReadLayerOptions,
): AsyncIterable<LayerEntry> {
  const limits = { ...defaultLimits, ...options.limits };
  return readEntries(verified(decompressed(blob), options.diffId, limits), "layer", limits);
}

/** The entries of an archive (ADD, a context), whatever its compression. Errors: LAYER_*, and what `source` throws. */
export function readArchive(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<LayerLimits> = {},
): AsyncIterable<LayerEntry> {
  const all = { ...defaultLimits, ...limits };
  return readEntries(bounded(decompressed(source), all), "archive", all);
}

/**
 * Whether bytes are a tar, compressed or not: by content, never by name. `open` gives the bytes from the start; only as much
 * as the first header needs is read. `onUnreadable` is told why compressed bytes cannot be: they may be an archive.
 */
export async function detectArchive(
  open: () => AsyncIterable<Uint8Array>,
  onUnreadable?: (error: TsbuildError) => void,
): Promise<boolean> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of decompressed(open())) {
      parts.push(chunk);
      length += chunk.length;
      if (length >= BLOCK) break;
    }
  } catch (error) {
    if (!isTsbuildError(error, "LAYER_COMPRESSION")) throw error;
    // Damaged compression: a file like any other.
    onUnreadable?.(error);
    return false;
  }
  return isTarHeader(Buffer.concat(parts).subarray(0, BLOCK));
}

function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK) return false;
  try {
    checkSum(block);
    return true;
  } catch {
    return false; // no header: that is the answer
  }
}
