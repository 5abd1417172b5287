// SPDX-License-Identifier: Apache-2.0
// Sparse files: where the pieces of data lie, and the file that they make with the holes filled by zeros. Four formats
// of GNU tar are understood; the map of the newest (PAX 1.0) stands in front of the data.

import { TsbuildError } from "../../base/index.js";
import type { LayerLimits } from "../types.js";
import { BLOCK, malformed, readNumber } from "./header.js";
import type { PaxRecords } from "./pax.js";

/** Pieces as offset and length, in order, and the size of the whole file. */
export interface SparseMap {
  readonly pieces: readonly (readonly [offset: number, length: number])[];
  readonly size: number;
}

/** The PAX key under which a map that is known from the headers travels to the reader of entries. */
export const MAP_KEY = "TSBUILD.sparse";
/** The same for a map that stands in the content: the value is the file's size. */
export const MAP_IN_CONTENT_KEY = "TSBUILD.sparse-content";

function tooMany(limits: LayerLimits): TsbuildError {
  return new TsbuildError(
    "LAYER_LIMIT",
    `a sparse file has more than ${limits.sparsePieces} pieces`,
  );
}

/** Checks a map: pieces in order, apart, inside the file, and holding exactly the data that there is. */
export function checkedMap(
  numbers: readonly number[],
  size: number,
  stored: number,
  limits: LayerLimits,
): SparseMap {
  if (numbers.length % 2 !== 0) throw malformed("a sparse map is incomplete");
  if (numbers.length / 2 > limits.sparsePieces) throw tooMany(limits);
  if (!Number.isSafeInteger(size) || size < 0) throw malformed("a sparse file has no size");
  const pieces: (readonly [number, number])[] = [];
  let end = 0;
  let total = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [offset = 0, length = 0] = [numbers[i], numbers[i + 1]];
    if (
      !Number.isSafeInteger(offset + length) ||
      offset < end ||
      length < 0 ||
      offset + length > size
    )
      throw malformed("a sparse map is out of order");
    if (length > 0) pieces.push([offset, length]);
    end = offset + length;
    total += length;
  }
  if (total !== stored) throw malformed("a sparse map does not match the data");
  return { pieces, size };
}

/** One map as a value of a PAX record. */
export function formatMap(numbers: readonly number[], size: number): string {
  return [size, ...numbers].join(",");
}

/** The reverse of {@link formatMap}. */
export function parseMap(text: string, stored: number, limits: LayerLimits): SparseMap {
  const [size = NaN, ...numbers] = text.split(",").map(decimal);
  return checkedMap(numbers, size, stored, limits);
}

function decimal(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw malformed("a sparse map holds something that is no number");
  return Number(text);
}

/** Pairs of an old GNU header (`S`) or of one of its extension blocks, up to the first empty one. */
export function gnuPairs(block: Buffer, at: number, count: number): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const pair = at + i * 24;
    if (block[pair] === 0) break;
    numbers.push(readNumber(block, pair, 12), readNumber(block, pair + 12, 12));
  }
  return numbers;
}

/** Replaces GNU's sparse records by ours; the other records stay. */
export function translateSparse(records: PaxRecords, limits: LayerLimits): PaxRecords {
  const values = new Map(records);
  if (![...values.keys()].some((key) => key.startsWith("GNU.sparse."))) return records;
  const kept = records.filter(([key]) => !key.startsWith("GNU.sparse."));
  const name = values.get("GNU.sparse.name");
  const named: PaxRecords =
    name === undefined ? kept : [...kept.filter(([key]) => key !== "path"), ["path", name]];
  const size = values.get("GNU.sparse.realsize") ?? values.get("GNU.sparse.size");
  if (size === undefined) return named; // a remark about a file that is not stored as sparse
  if (values.get("GNU.sparse.major") === "1") return [...named, [MAP_IN_CONTENT_KEY, size]];
  const map = values.get("GNU.sparse.map");
  const numbers =
    map === undefined
      ? records
          .filter(([key]) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
          .map(([, value]) => decimal(value))
      : map.split(",").map(decimal);
  if (numbers.length / 2 > limits.sparsePieces) throw tooMany(limits);
  return [...named, [MAP_KEY, formatMap(numbers, decimal(size))]];
}

/** Reads a map from the front of a content: a count, then offsets and lengths, one number a line, padded to a block. */
export async function mapFromContent(
  content: AsyncIterator<Uint8Array>,
  size: number,
  stored: number,
  limits: LayerLimits,
): Promise<{ readonly map: SparseMap; readonly rest: Buffer }> {
  let buffer = Buffer.alloc(0);
  let wanted: number | undefined;
  const numbers: number[] = [];
  let at = 0;
  while (wanted === undefined || numbers.length < wanted) {
    const newline = buffer.indexOf(0x0a, at);
    if (newline < 0) {
      if (buffer.length - at > 32)
        throw malformed("a sparse map holds something that is no number");
      const next = await content.next();
      if (next.done === true) throw malformed("a sparse map is incomplete");
      buffer = Buffer.concat([buffer, next.value]);
      continue;
    }
    const value = decimal(buffer.toString("latin1", at, newline));
    at = newline + 1;
    if (wanted === undefined) {
      wanted = value * 2;
      if (value > limits.sparsePieces) throw tooMany(limits);
    } else numbers.push(value);
  }
  const mapBytes = Math.ceil(at / BLOCK) * BLOCK;
  while (buffer.length < mapBytes) {
    const next = await content.next();
    if (next.done === true) throw malformed("a sparse map is incomplete");
    buffer = Buffer.concat([buffer, next.value]);
  }
  return {
    map: checkedMap(numbers, size, stored - mapBytes, limits),
    rest: buffer.subarray(mapBytes),
  };
}

const zeros = Buffer.alloc(64 * 1024);

function* hole(length: number): Iterable<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length)
    yield zeros.subarray(0, Math.min(left, zeros.length));
}

/** The whole file: pieces in their places, zeros between them. */
export async function* expand(
  map: SparseMap,
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  let piece = 0;
  let left = map.pieces[0]?.[1] ?? 0;
  for await (const chunk of data) {
    for (let taken = 0; taken < chunk.length;) {
      const [offset = map.size] = map.pieces[piece] ?? [];
      const start = offset + (map.pieces[piece]?.[1] ?? 0) - left;
      yield* hole(start - at);
      const part = chunk.subarray(taken, taken + left);
      yield part;
      at = start + part.length;
      taken += part.length;
      left -= part.length;
      if (left === 0) left = map.pieces[++piece]?.[1] ?? 0;
    }
  }
  yield* hole(map.size - at);
}
