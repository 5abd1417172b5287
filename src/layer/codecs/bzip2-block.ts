// SPDX-License-Identifier: Apache-2.0
// One block of bzip2: Huffman tables, move-to-front, the Burrows-Wheeler transform undone, runs expanded. Every number that
// comes from the data is checked before it is used as an index or a size.

/** The data breaks a rule of the format. */
export class Bzip2Error extends Error {}

const MAX_CODE_LENGTH = 20;
const GROUP_SIZE = 50;
const RUN_A = 0;
const RUN_B = 1;

/** Reads bits, most significant first, from bytes at hand. */
export class BitReader {
  readonly #bytes: Buffer;
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Bzip2Error("it ends too early");
      this.#bits = ((this.#bits << 8) | byte) >>> 0;
      this.#count += 8;
    }
    this.#count -= count;
    const value = (this.#bits >>> this.#count) & ((1 << count) - 1);
    // Bits that were read are cut off, so that the next byte finds room.
    this.#bits &= (1 << this.#count) - 1;
    return value;
  }

  read32(): number {
    return ((this.read(16) << 16) | this.read(16)) >>> 0;
  }

  /** Bits read so far. */
  get used(): number {
    return this.#at * 8 - this.#count;
  }
}

interface Table {
  /** By code length: the largest code, what to subtract, and the symbols in code order. */
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
}

function readLengths(bits: BitReader, symbolCount: number): Uint8Array {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw new Bzip2Error("a code length is invalid");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

function makeTable(lengths: Uint8Array): Table {
  const limit = new Int32Array(MAX_CODE_LENGTH + 2).fill(-1);
  const base = new Int32Array(MAX_CODE_LENGTH + 2);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let at = 0;
  let shortest = MAX_CODE_LENGTH;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    base[length] = code - at;
    lengths.forEach((candidate, symbol) => {
      if (candidate !== length) return;
      symbols[at++] = symbol;
      code++;
      shortest = Math.min(shortest, length);
    });
    limit[length] = code - 1;
    code <<= 1;
  }
  return { limit, base, symbols, shortest };
}

function decodeSymbol(bits: BitReader, table: Table): number {
  let length = table.shortest;
  let code = bits.read(length);
  while (code > (table.limit[length] ?? -1)) {
    if (++length > MAX_CODE_LENGTH) throw new Bzip2Error("a code is invalid");
    code = (code << 1) | bits.read(1);
  }
  const symbol = table.symbols[code - (table.base[length] ?? 0)];
  if (symbol === undefined) throw new Bzip2Error("a code is invalid");
  return symbol;
}

/** The byte values that occur, from the two-level bit map. */
function readUsedBytes(bits: BitReader): Uint8Array {
  const ranges = bits.read(16);
  const used: number[] = [];
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const map = bits.read(16);
    for (let i = 0; i < 16; i++) if ((map & (0x8000 >> i)) !== 0) used.push(range * 16 + i);
  }
  if (used.length === 0) throw new Bzip2Error("a block has no bytes");
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const count = bits.read(15);
  if (count === 0) throw new Bzip2Error("a block has no selectors");
  const order = Array.from({ length: groups }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let rank = 0;
    while (bits.read(1) === 1) if (++rank >= groups) throw new Bzip2Error("a selector is invalid");
    const [chosen = 0] = order.splice(rank, 1);
    order.unshift(chosen);
    selectors[i] = chosen;
  }
  return selectors;
}

/** Symbols to bytes: runs of the front byte (in a binary number of RUN_A and RUN_B), or a rank in the list of bytes. */
function readBytes(bits: BitReader, bytes: Uint32Array): number {
  const list = readUsedBytes(bits);
  const groups = bits.read(3);
  if (groups < 2 || groups > 6) throw new Bzip2Error("the number of tables is invalid");
  const selectors = readSelectors(bits, groups);
  const endOfBlock = list.length + 1;
  const tables = Array.from({ length: groups }, () =>
    makeTable(readLengths(bits, list.length + 2)),
  );
  let length = 0;
  let run = 0;
  let weight = 1;
  const put = (byte: number, count: number): void => {
    if (count > bytes.length - length) throw new Bzip2Error("a block is too long");
    bytes.fill(byte, length, length + count);
    length += count;
  };
  for (const selector of selectors) {
    const table = tables[selector];
    if (table === undefined) throw new Bzip2Error("a selector is invalid");
    for (let i = 0; i < GROUP_SIZE; i++) {
      const symbol = decodeSymbol(bits, table);
      if (symbol === RUN_A || symbol === RUN_B) {
        run += weight * (symbol + 1);
        weight *= 2;
        if (run > bytes.length) throw new Bzip2Error("a run is too long");
        continue;
      }
      if (run > 0) put(list[0] ?? 0, run);
      run = 0;
      weight = 1;
      if (symbol === endOfBlock) return length;
      const rank = symbol - 1;
      const byte = list[rank];
      if (byte === undefined) throw new Bzip2Error("a symbol is invalid");
      list.copyWithin(1, 0, rank);
      list[0] = byte;
      put(byte, 1);
    }
  }
  throw new Bzip2Error("a block has no end");
}

/** Turns the transform's last column into links: the upper 24 bits of each word say where the next byte is. */
function linkUp(words: Uint32Array, length: number): void {
  const starts = new Uint32Array(256);
  for (let i = 0; i < length; i++) {
    const byte = (words[i] ?? 0) & 0xff;
    starts[byte] = (starts[byte] ?? 0) + 1;
  }
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte] ?? 0;
    starts[byte] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) {
    const byte = (words[i] ?? 0) & 0xff;
    const at = starts[byte] ?? 0;
    starts[byte] = at + 1;
    words[at] = ((words[at] ?? 0) | (i << 8)) >>> 0;
  }
}

/** The bytes of a block whose magic and checksum have been read, in pieces. `words` has the block size. */
export function* decodeBlock(
  bits: BitReader,
  words: Uint32Array,
): Generator<Buffer, void, undefined> {
  if (bits.read(1) !== 0) throw new Bzip2Error("randomised blocks (bzip2 0.9) are not supported");
  const origin = bits.read(24);
  const length = readBytes(bits, words);
  if (origin >= length) throw new Bzip2Error("the start of a block is invalid");
  linkUp(words, length);
  yield* expandRuns(words, length, (words[origin] ?? 0) >>> 8);
}

const PIECE = 64 * 1024;

/** Follows the links. After four equal bytes comes a count of further ones. */
function* expandRuns(
  words: Uint32Array,
  length: number,
  first: number,
): Generator<Buffer, void, undefined> {
  let piece = Buffer.allocUnsafe(PIECE + 256);
  let filled = 0;
  let at = first;
  let previous = -1;
  let same = 0;
  for (let i = 0; i < length; i++) {
    const word = words[at] ?? 0;
    const byte = word & 0xff;
    at = word >>> 8;
    if (same === 4) {
      piece.fill(previous, filled, filled + byte);
      filled += byte;
      same = 0;
      previous = -1;
    } else {
      piece[filled++] = byte;
      same = byte === previous ? same + 1 : 1;
      previous = byte;
    }
    if (filled >= PIECE) {
      yield piece.subarray(0, filled);
      piece = Buffer.allocUnsafe(PIECE + 256);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
