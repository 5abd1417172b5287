// SPDX-License-Identifier: Apache-2.0
// Sizes: `128m`, `1.5GiB`, bytes.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes; undefined: it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d+)?) ?(?:([kmgtp]?)(?:i?b)?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, number = "", unit = ""] = match;
  return Math.trunc(
    Number(number) * 1024 ** " kmgtp".indexOf(unit === "" ? " " : unit.toLowerCase()),
  );
}

/** In the largest unit of which there is one at least, with four digits. */
export function formatSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${Number(size.toPrecision(4))}${units[unit] ?? ""}`;
}
