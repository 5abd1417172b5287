// SPDX-License-Identifier: Apache-2.0
// File names as strings. Linux names are bytes; most are UTF-8. A byte that is not part of valid UTF-8 stands as an
// unpaired surrogate, U+DC00 plus its value, so that every name survives the way there and back.

const escaped = /[\ud800-\udfff]/;

/** Bytes of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length =
    first < 0x80
      ? 1
      : first < 0xc2
        ? 0
        : first < 0xe0
          ? 2
          : first < 0xf0
            ? 3
            : first < 0xf5
              ? 4
              : 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return length;
}

/** The string that stands for the bytes of a name. */
export function nameOfBytes(bytes: Buffer, start = 0, end: number = bytes.length): string {
  const text = bytes.toString("utf8", start, end);
  if (!text.includes("\ufffd")) return text;
  let name = "";
  for (let at = start; at < end;) {
    const length = sequenceLength(bytes.subarray(0, end), at);
    name +=
      length === 0
        ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
        : bytes.toString("utf8", at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** The bytes of a name. The inverse of {@link nameOfBytes}. */
export function bytesOfName(name: string): Buffer {
  if (!escaped.test(name)) return Buffer.from(name, "utf8");
  const parts: Buffer[] = [];
  // By code point: the halves of a pair are never taken for escaped bytes.
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    parts.push(
      code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(char, "utf8"),
    );
  }
  return Buffer.concat(parts);
}

/** Puts the bytes of a name into a buffer, at most three for a character of it. Gives their number. */
export function writeName(name: string, buffer: Buffer, at: number): number {
  return escaped.test(name) ? bytesOfName(name).copy(buffer, at) : buffer.write(name, at);
}

/** Orders names by their bytes, as every walk of the helper does. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(bytesOfName(a), bytesOfName(b));
}
