// SPDX-License-Identifier: Apache-2.0
// Durations in Go's notation: `1h30m`, `1.5s`, `300ms`.

const units: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["\u00b5s", 1e3],
  ["\u03bcs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
]);

/** What Go's 64-bit durations can hold, about 292 years. */
const max = 2 ** 63;

/**
 * Nanoseconds, possibly negative, as a whole number (beyond 2^53 rounded to what a double holds); undefined when `text` is
 * not a duration or out of range. A number without unit is one only when it is 0.
 */
export function parseDuration(text: string): number | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  const body = text.slice(sign.length);
  if (body === "0") return 0;
  const part = /(\d{0,30}(?:\.\d{0,30})?)([a-z\u00b5\u03bc]{1,2})/y;
  let total = 0;
  let position = 0;
  while (position < body.length) {
    part.lastIndex = position;
    const match = part.exec(body);
    const number = match?.[1] ?? "";
    const unit = units.get(match?.[2] ?? "");
    if (unit === undefined || !/\d/.test(number)) return undefined;
    // Whole and fraction apart, so that 1.1s is 1100000000 and not a rounding error beside it.
    const [whole = "", fraction = ""] = number.split(".");
    total += Number(whole === "" ? "0" : whole) * unit;
    total += Math.trunc(
      (Number(fraction.slice(0, 15)) * unit) / 10 ** fraction.slice(0, 15).length,
    );
    position = part.lastIndex;
  }
  if (position === 0 || total >= max) return undefined;
  return sign === "-" ? 0 - total : total;
}

/** As Go prints durations: `1h30m0s`, `1.5s`, `100ms`, `0s`. Nanoseconds. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds < 0) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0) return "0s";
  for (const [unit, size] of [
    ["ns", 1],
    ["\u00b5s", 1e3],
    ["ms", 1e6],
  ] as const)
    if (nanoseconds < size * 1000) return `${nanoseconds / size}${unit}`;
  const minutes = Math.floor(nanoseconds / 6e10);
  const seconds = `${(nanoseconds % 6e10) / 1e9}s`;
  if (minutes === 0) return seconds;
  return minutes < 60
    ? `${minutes}m${seconds}`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}
