// SPDX-License-Identifier: Apache-2.0
// Schneier's cipher Blowfish, as far as bcrypt needs it.

const rounds = 16;
const boxes = 4;
const boxSize = 256;

/** Its tables are the digits of pi behind the point, which are quickly found anew. */
let digits: Uint32Array | undefined;

export class Blowfish {
  /** The keys of the rounds, then the boxes. */
  private readonly table: Uint32Array;

  constructor() {
    digits ??= digitsOfPi(rounds + 2 + boxes * boxSize);
    this.table = Uint32Array.from(digits);
  }

  /** Two words of 32 bits. */
  encrypt(leftWord: number, rightWord: number): [number, number] {
    const { table } = this;
    const at = (i: number): number => table[i] ?? 0;
    let left = leftWord;
    let right = rightWord;
    for (let round = 0; round < rounds; round += 2) {
      left ^= at(round);
      right ^= mixed(table, left) ^ at(round + 1);
      left ^= mixed(table, right);
    }
    return [(right ^ at(rounds + 1)) >>> 0, (left ^ at(rounds)) >>> 0];
  }

  /** Mixes a key into the tables, and a salt into what they are made from. */
  expandKey(key: Uint8Array, salt?: Uint8Array): void {
    const { table } = this;
    const keyWords = words(key);
    for (let i = 0; i < rounds + 2; i++) table[i] = (table[i] ?? 0) ^ keyWords();
    const saltWords = salt === undefined ? (): number => 0 : words(salt);
    let left = 0;
    let right = 0;
    for (let i = 0; i < table.length; i += 2) {
      [left, right] = this.encrypt(left ^ saltWords(), right ^ saltWords());
      table[i] = left;
      table[i + 1] = right;
    }
  }
}

function mixed(table: Uint32Array, word: number): number {
  const box = (number: number, shift: number): number =>
    table[rounds + 2 + number * boxSize + ((word >>> shift) & 0xff)] ?? 0;
  return ((((box(0, 24) + box(1, 16)) ^ box(2, 8)) >>> 0) + box(3, 0)) | 0;
}

/** The bytes as words, over and over. */
function words(bytes: Uint8Array): () => number {
  let at = 0;
  return () => {
    let word = 0;
    for (let i = 0; i < 4; i++) {
      word = (word << 8) | (bytes[at] ?? 0);
      at = (at + 1) % bytes.length;
    }
    return word;
  };
}

/** The fraction of pi in words of 32 bits, by Machin's formula. */
function digitsOfPi(count: number): Uint32Array {
  const bits = BigInt(count * 32);
  const guard = 64n;
  const one = 1n << (bits + guard);
  const arcCotangent = (x: bigint): bigint => {
    let power = one / x;
    let sum = power;
    for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
      power /= x * x;
      sum += (sign * power) / n;
    }
    return sum;
  };
  const pi = 4n * (4n * arcCotangent(5n) - arcCotangent(239n));
  const fraction = (pi & (one - 1n)) >> guard;
  return Uint32Array.from({ length: count }, (_, i) =>
    Number((fraction >> (bits - BigInt(32 * (i + 1)))) & 0xffffffffn),
  );
}
