// SPDX-License-Identifier: Apache-2.0
// zstd in this process: Node's own where it has it (22.15 and later), else the pure JavaScript package fzstd, which only
// decompresses.

import zlib from "node:zlib";
import type { Duplex } from "node:stream";
import { damaged, throughStream } from "./feed.js";

type Factory = (options?: { readonly params?: Readonly<Record<number, number>> }) => Duplex;

function native(name: "createZstdDecompress" | "createZstdCompress"): Factory | undefined {
  const found: unknown = (zlib as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof found === "function" ? (found as Factory) : undefined;
}

// Numbers of the library's parameters, which node:zlib of Node 20 has no names for.
const COMPRESSION_LEVEL = 100;
const WINDOW_LOG = 101;
const CHECKSUM_FLAG = 201;

// As in native/zstd.c: no more than the 8 MiB of window that every decoder must take.
const HIGHEST_LEVEL_WITHIN = 19;
const LARGEST_WINDOW_LOG = 23;

/** A compressor; undefined where this Node has none. `level` 0 to 22. */
export function zstdCompressor(level: number): Duplex | undefined {
  const params = {
    [COMPRESSION_LEVEL]: level,
    [CHECKSUM_FLAG]: 1,
    ...(level > HIGHEST_LEVEL_WITHIN ? { [WINDOW_LOG]: LARGEST_WINDOW_LOG } : {}),
  };
  return native("createZstdCompress")?.({ params });
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
