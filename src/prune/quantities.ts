// SPDX-License-Identifier: Apache-2.0
// Times and sizes as people write them.

const timeUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `90m`, `1h30m`, `1.5h`, `2d` in milliseconds; undefined when it is no duration. A bare 0 is one. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
    total += Number(number) * (timeUnits[unit] ?? 0);
  return total;
}

const sizeUnits = "bkmgtp";

/** `512MB`, `10g`, `1.5GiB`, `65536` (units of 1024), or a share of `disk` (`10%`), in bytes; undefined when it is no size. */
export function parseSize(text: string, disk?: number): number | undefined {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (share !== null && disk !== undefined) return Math.floor((Number(share[1]) / 100) * disk);
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) return undefined;
  const power = Math.max(0, sizeUnits.indexOf((match[2] ?? "").toLowerCase() || "b"));
  return Math.floor(Number(match[1]) * 1024 ** power);
}
