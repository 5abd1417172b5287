// SPDX-License-Identifier: Apache-2.0
// Work on many things, a few at a time.

import { anySignal } from "./shared-signal.js";

/**
 * Does the work for every item, at most `atOnce` at a time; the next item is asked for when there is room for it. The first
 * failure stops the others, through the signal that the work gets; all have ended before it is thrown.
 */
export async function eachAtOnce<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const own = anySignal(failed.signal, ...(signal === undefined ? [] : [signal]));
  // A generator answers those who ask at once one after another.
  const shared = (async function* () {
    yield* items;
  })();
  const worker = async (): Promise<void> => {
    try {
      for (;;) {
        own.throwIfAborted();
        const next = await shared.next();
        if (next.done === true) return;
        await work(next.value, own);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await shared.return();
  signal?.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
}

/** Promise.all that waits for every promise before it rejects, so that nothing runs on unseen. */
export async function all<T extends readonly unknown[]>(promises: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T>;
export async function all<T>(promises: readonly Promise<T>[]): Promise<T[]>;
export async function all(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
