// SPDX-License-Identifier: Apache-2.0
// Writing a layer blob: a tar comes in, its diffID is taken, the compressed bytes go to where the caller keeps blobs.

import { createHash } from "node:crypto";
import { startOf, TsbuildError } from "../base/index.js";
import {
  asDiffId,
  digestFromHex,
  type Digest,
  type DiffId,
  type LayerCompression,
} from "../oci/index.js";
import { writeEstargz } from "./codecs/estargz.js";
import { throughStream } from "./codecs/feed.js";
import { compressGzip, gzipNow } from "./codecs/gzip.js";
import { zstdCompressor } from "./codecs/zstd.js";

/** Compresses bytes; the same input and level must give the same output. Without a level: its own default. */
export type Compress = (
  source: AsyncIterable<Uint8Array>,
  level: number | undefined,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

export interface PackOptions {
  readonly compression: LayerCompression;
  /** gzip and estargz 0 to 9 (default: node:zlib's 6, or the program's own), zstd 0 to 22 (default 3). */
  readonly level?: number;
  /** Where the blob goes; it must hash what it stores. */
  readonly write: (
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<{ readonly digest: Digest; readonly size: number }>;
  /** A program for this compression (sandbox's findCompressor), which is faster than node:zlib. */
  readonly program?: Compress;
  readonly signal: AbortSignal;
}

export interface PackedLayer {
  /** Of what the blob decompresses to. */
  readonly diffId: DiffId;
  /** Of the tar that was given: the same, but for estargz, which has its table of contents behind the tar. */
  readonly tarId: DiffId;
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** What the layer's descriptor must say beyond that. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const DEFAULT_GZIP_LEVEL = 6;
const DEFAULT_ZSTD_LEVEL = 3;

/**
 * Bytes of a tar up to which it is compressed here: starting a program would take longer. It decides about the bytes of
 * blobs, and so about their digests.
 */
export const SMALL_LAYER: number = 128 * 1024;

async function* gzipOf(
  tar: AsyncIterable<Uint8Array>,
  { program, level, signal }: PackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = await startOf(tar, SMALL_LAYER);
  if (start.rest === undefined) yield gzipNow(start.bytes, level ?? DEFAULT_GZIP_LEVEL);
  else if (program === undefined) yield* compressGzip(start.rest, level ?? DEFAULT_GZIP_LEVEL);
  else yield* program(start.rest, level, signal);
}

function zstdOf(
  tar: AsyncIterable<Uint8Array>,
  { program, level, signal }: PackOptions,
): AsyncIterable<Uint8Array> {
  if (program !== undefined) return program(tar, level, signal);
  const transform = zstdCompressor(level ?? DEFAULT_ZSTD_LEVEL);
  if (transform === undefined)
    throw new TsbuildError("LAYER_COMPRESSION", "nothing here can write zstd", {
      hint:
        "install libzstd-dev and build the helper again (npm run build:native), or use Node 22.15 or later; " +
        "or take compression=gzip",
      details: { compression: "zstd" },
    });
  return throughStream("zstd", tar, transform);
}

/** Whether this much is given to a program where there is one, rather than compressed in this process. */
export function takesProgram(compression: LayerCompression, bytes: number): boolean {
  return compression === "zstd" || (compression === "gzip" && bytes > SMALL_LAYER);
}

/**
 * Packs a tar. `tar.done` is awaited before the result is given: a tar whose writer failed is never a layer.
 * Errors: LAYER_COMPRESSION, what the tar's stream and `write` throw, the signal's reason; for estargz LAYER_TAR, LAYER_ENTRY.
 */
export async function packLayer(
  tar: { readonly stream: AsyncIterable<Uint8Array>; readonly done: Promise<unknown> },
  options: PackOptions,
): Promise<PackedLayer> {
  const { compression, level, write } = options;
  const hash = createHash("sha256");
  async function* whole(see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of tar.stream) {
      options.signal.throwIfAborted();
      see(chunk);
      yield chunk;
    }
    await tar.done;
  }
  if (compression === "none") {
    // The blob is the tar, and who stores it takes its digest.
    const { digest, size } = await write(whole(() => undefined));
    const diffId = asDiffId(digest);
    return { diffId, tarId: diffId, digest, size };
  }
  const hashed = (): AsyncGenerator<Uint8Array, void> => whole((chunk) => hash.update(chunk));
  const idOf = (hex: string): DiffId => asDiffId(digestFromHex(hex));
  if (compression === "estargz") {
    const layer = writeEstargz(hashed(), hash, level ?? DEFAULT_GZIP_LEVEL);
    const { digest, size } = await write(layer.bytes);
    const { tar: tarHex, whole: wholeHex, annotations } = layer.summary();
    return { diffId: idOf(wholeHex), tarId: idOf(tarHex), digest, size, annotations };
  }
  const { digest, size } = await write(
    compression === "gzip" ? gzipOf(hashed(), options) : zstdOf(hashed(), options),
  );
  const diffId = idOf(hash.digest("hex"));
  return { diffId, tarId: diffId, digest, size };
}
