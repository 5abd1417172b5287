// SPDX-License-Identifier: Apache-2.0
// Running bytes through a decompressor.

import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, TsbuildError } from "../../base/index.js";

/** The error for compressed bytes that cannot be read. */
export function damaged(name: string, cause: unknown): TsbuildError {
  return new TsbuildError("LAYER_COMPRESSION", `the ${name} data is damaged: ${messageOf(cause)}`, {
    cause,
    details: { compression: name },
  });
}

/** Remembers what a source threw, to tell it from what the decompressor throws. */
export class Watched implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#source;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /** The error to throw for one that came out of the decompressor. */
  explain(name: string, error: unknown): unknown {
    return this.failure === undefined ? damaged(name, error) : this.failure.error;
  }
}

/** The output of a Node stream that is fed from `source`. */
export async function* throughStream(
  name: string,
  source: AsyncIterable<Uint8Array>,
  transform: Duplex,
): AsyncGenerator<Uint8Array, void, undefined> {
  const watched = new Watched(source);
  const feeding = pipeline(watched, transform);
  // It fails together with the stream that is read below, where the failure is seen.
  feeding.catch(() => undefined);
  const output = (transform as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await output.next().catch((error: unknown) => {
        throw watched.explain(name, error);
      });
      if (next.done === true) break;
      yield next.value;
    }
  } finally {
    transform.destroy();
    await feeding.catch(() => undefined);
  }
}
