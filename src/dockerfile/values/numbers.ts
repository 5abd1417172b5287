// SPDX-License-Identifier: Apache-2.0
// Small scalar values as the reference builder reads them: booleans, unsigned numbers, sizes.

/** A whole number from 0 to 2^32-1 in base 8 or 10, digits only; undefined for anything else. */
export function parseUnsigned(text: string, base: 8 | 10): number | undefined {
  const digits = base === 8 ? /^[0-7]{1,22}$/ : /^[0-9]{1,20}$/;
  if (!digits.test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value <= 0xffffffff ? value : undefined;
}

/** Bytes: `128m`, `1.5 GiB`, `64KB`, `1024`; units are powers of 1024. undefined when it cannot be understood. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,15})?|\.\d{1,15}) ?([kmgtp]?)(i?b)?$/i.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] ?? "").toLowerCase();
  // `ib` needs a prefix: there is no "ib".
  if (unit === "" && (match[3] ?? "").toLowerCase() === "ib") return undefined;
  const exponent = unit === "" ? 0 : "kmgtp".indexOf(unit) + 1;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** exponent);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
