// SPDX-License-Identifier: Apache-2.0
// Tables, sizes and times for people.

import { largest } from "../base/index.js";

/** Columns of equal width; the first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widthOf = (_: string, i: number): number =>
    largest(
      rows.map((row) => row[i]?.length ?? 0),
      0,
    );
  const widths = rows[0]?.map(widthOf) ?? [];
  return rows
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("   "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `4.1kB`: four digits at most, units of 1000. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(value < 100 ? 2 : 1).replace(/\.?0+$/, "")}${sizeUnits[unit] ?? ""}`;
}

const timeUnits: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** `3 hours ago`; `time` and `now` in milliseconds since the epoch, 0: unknown. */
export function formatAge(time: number, now: number): string {
  if (time === 0) return "unknown";
  const seconds = Math.max(0, Math.floor((now - time) / 1000));
  for (const [name, size] of timeUnits) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}
