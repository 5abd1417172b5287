// SPDX-License-Identifier: Apache-2.0
// Addresses of the Internet Protocol as numbers.

/** `bits` is 32 or 128. */
export interface Address {
  readonly value: bigint;
  readonly bits: number;
}

/** undefined: not an address. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const value = parseFour(text);
    return value === undefined ? undefined : { value, bits: 32 };
  }
  // The last 32 bits may be written as in version 4.
  const last = text.slice(text.lastIndexOf(":") + 1);
  const four = last.includes(".") ? parseFour(last) : undefined;
  if (last.includes(".") && four === undefined) return undefined;
  const hexadecimal =
    four === undefined
      ? text
      : `${text.slice(0, -last.length)}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  const halves = hexadecimal.split("::");
  const [left = [], right] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length > 2 || (right === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [
    ...left,
    ...Array<string>(right === undefined ? 0 : missing).fill("0"),
    ...(right ?? []),
  ];
  if (!groups.every((group) => /^[\da-fA-F]{1,4}$/.test(group))) return undefined;
  return {
    value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n),
    bits: 128,
  };
}

function parseFour(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part)))
    return undefined;
  if (parts.some((part) => Number(part) > 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** As RFC 5952 has it: the longest run of zeros, of two groups at least, is `::`. */
export function formatAddress(value: bigint, bits: number): string {
  if (bits === 32)
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  let [start, length] = [0, 0];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (groups[end] === "0") end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
