// SPDX-License-Identifier: Apache-2.0
// Streams of bytes: the start of one, of which only the small ones are held whole, and how far one is.

/** All bytes of a source that has at most `limit`; of a larger one what gives them from the first on. */
export async function startOf(
  source: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<
  | { readonly bytes: Buffer; readonly rest?: undefined }
  | { readonly rest: AsyncIterable<Uint8Array> }
> {
  const iterator = source[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  for (let length = 0; length <= limit;) {
    const next = await iterator.next();
    if (next.done === true) return { bytes: Buffer.concat(start, length) };
    start.push(next.value);
    length += next.value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* start;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      // Also when the reader goes before the source is asked again.
      await iterator.return?.();
    }
  }
  return { rest: whole() };
}

/** The same bytes; `onBytes` hears of each piece before it goes on. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}
