// SPDX-License-Identifier: Apache-2.0
// bzip2 streams, one after another. Ours, because the packages that do it keep a block as an array of numbers (a hostile
// block then takes hundreds of megabytes) or want the whole input at once.

import { BitReader, Bzip2Error, decodeBlock } from "./bzip2-block.js";
import { damaged } from "./feed.js";

/** More than a compressed block can have: with so much at hand, a block is decoded without waiting for input. */
const BLOCK_BYTES = 1_100_000;
const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let i = 0; i < 8; i++) crc = (crc & 0x8000_0000) === 0 ? crc << 1 : (crc << 1) ^ 0x04c1_1db7;
  return crc >>> 0;
});

function updateCrc(crc: number, bytes: Buffer): number {
  let value = crc;
  for (const byte of bytes)
    value = ((value << 8) ^ (crcTable[((value >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  return value;
}

/** Input that is kept until it has been decoded. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  bytes: Buffer = Buffer.alloc(0);
  /** Bits at the front of `bytes` that are used already. */
  skip = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async fill(wanted: number): Promise<void> {
    const parts: Uint8Array[] = [this.bytes];
    let length = this.bytes.length;
    while (length < wanted) {
      const next = await this.#source.next();
      if (next.done === true) break;
      parts.push(next.value);
      length += next.value.length;
    }
    if (parts.length > 1) this.bytes = Buffer.concat(parts);
  }

  reader(): BitReader {
    const reader = new BitReader(this.bytes);
    reader.read(this.skip);
    return reader;
  }

  drop(bits: BitReader): void {
    this.bytes = this.bytes.subarray(Math.floor(bits.used / 8));
    this.skip = bits.used % 8;
  }

  alignToByte(): void {
    if (this.skip > 0) this.bytes = this.bytes.subarray(1);
    this.skip = 0;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/** The number of bytes that a block of this stream may hold, from `BZh1` to `BZh9`. */
function blockSize(header: Buffer): number {
  const digit = (header[3] ?? 0) - 0x30;
  if (header.toString("latin1", 0, 3) !== "BZh" || digit < 1 || digit > 9)
    throw new Bzip2Error("a stream does not begin as it should");
  return digit * 100_000;
}

async function* decodeStream(input: Input): AsyncGenerator<Buffer, void, undefined> {
  const words = new Uint32Array(blockSize(input.bytes));
  input.bytes = input.bytes.subarray(4);
  let combined = 0;
  for (;;) {
    await input.fill(BLOCK_BYTES);
    const bits = input.reader();
    const [high, low] = [bits.read(24), bits.read(24)];
    const expected = bits.read32();
    if (high === END_MAGIC[0] && low === END_MAGIC[1]) {
      if (expected !== combined) throw new Bzip2Error("the checksum of a stream is wrong");
      input.drop(bits);
      input.alignToByte();
      return;
    }
    if (high !== BLOCK_MAGIC[0] || low !== BLOCK_MAGIC[1])
      throw new Bzip2Error("a block does not begin as it should");
    let crc = 0xffff_ffff;
    for (const piece of decodeBlock(bits, words)) {
      crc = updateCrc(crc, piece);
      yield piece;
    }
    if (~crc >>> 0 !== expected) throw new Bzip2Error("the checksum of a block is wrong");
    combined = (((combined << 1) | (combined >>> 31)) ^ expected) >>> 0;
    input.drop(bits);
  }
}

export async function* decompressBzip2(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = new Input(source);
  try {
    for (;;) {
      await input.fill(4);
      if (input.bytes.length === 0) return;
      yield* decodeStream(input);
    }
  } catch (error) {
    throw error instanceof Bzip2Error ? damaged("bzip2", error) : error;
  } finally {
    await input.close();
  }
}
