// SPDX-License-Identifier: Apache-2.0
// xz, with the package xz-decompress: the kernel's own decoder, compiled to WebAssembly, where a damaged or hostile file can
// at worst end the decoding.

import { messageOf, TsbuildError } from "../../base/index.js";
import { Watched } from "./feed.js";

/** The decoder's errors for data that is not damaged: its check, its dictionary or its filters are none that it has. */
const UNSUPPORTED = /error code [246]$/;

function explain(watched: Watched, error: unknown): unknown {
  if (watched.failure !== undefined || !UNSUPPORTED.test(messageOf(error)))
    return watched.explain("xz", error);
  return new TsbuildError(
    "LAYER_COMPRESSION",
    "the xz data has a check, a filter or a dictionary that cannot be read here",
    {
      cause: error,
      hint: "compress it with the settings that xz has without flags",
      details: { compression: "xz" },
    },
  );
}

export async function* decompressXz(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { default: xz } = await import("xz-decompress");
  const watched = new Watched(source);
  const input = watched[Symbol.asyncIterator]();
  const compressed = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await input.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => {
      await input.return();
    },
  });
  const reader = new xz.XzReadableStream(compressed).getReader();
  try {
    for (;;) {
      const next = await reader.read().catch((error: unknown) => {
        throw explain(watched, error);
      });
      if (next.done) break;
      if (next.value.length > 0) yield next.value;
    }
    // What follows the stream belongs to the blob all the same.
    for (let rest = await input.next(); rest.done !== true; rest = await input.next());
  } finally {
    await reader.cancel().catch(() => undefined);
    await input.return();
  }
}
