// SPDX-License-Identifier: Apache-2.0
// zstd: Node's own where it has it (22.15 and later), else the pure JavaScript package fzstd, which only decompresses.

import zlib from "node:zlib";
import type { Duplex } from "node:stream";
import { damaged, throughStream } from "./feed.js";

type Factory = (options?: { readonly params?: Readonly<Record<number, number>> }) => Duplex;

function native(name: "createZstdDecompress" | "createZstdCompress"): Factory | undefined {
  const found: unknown = (zlib as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof found === "function" ? (found as Factory) : undefined;
}

/** True when this Node can write zstd. */
export function canCompressZstd(): boolean {
  return native("createZstdCompress") !== undefined;
}

/** A compressor; undefined where this Node has none. `level` 1 to 22. */
export function zstdCompressor(level: number): Duplex | undefined {
  const compressionLevel = 100; // ZSTD_c_compressionLevel
  return native("createZstdCompress")?.({ params: { [compressionLevel]: level } });
}

export async function* decompressZstd(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const create = native("createZstdDecompress");
  yield* create === undefined ? portable(source) : throughStream("zstd", source, create());
}

async function* portable(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { Decompress } = await import("fzstd");
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) ready.push(bytes);
  });
  const push = (bytes: Uint8Array, last: boolean): Uint8Array[] => {
    try {
      decoder.push(bytes, last);
    } catch (cause) {
      throw damaged("zstd", cause);
    }
    const taken = ready;
    ready = [];
    return taken;
  };
  for await (const chunk of source) yield* push(chunk, false);
  yield* push(new Uint8Array(0), true);
}
