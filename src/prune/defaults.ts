// SPDX-License-Identifier: Apache-2.0
// What is removed without being asked, after builds: the defaults, and the environment variables that change them.

import { TsbuildError } from "../base/index.js";
import { parseDuration, parseSize } from "./quantities.js";
import type { DiskSpace, PrunePolicy, RecordType } from "./types.js";

const giga = 1e9;
const hour = 3_600_000;

/** Cheap to make again, or of use for a while only. */
const shortLived: ReadonlySet<RecordType> = new Set(["source.git.checkout", "exec.cachemount"]);

export interface Limits {
  readonly reservedSpace: number;
  readonly maxUsedSpace: number;
  readonly minFreeSpace: number;
  /** Milliseconds. */
  readonly keepDuration: number;
  /** Milliseconds from one look at the store to the next, at least. */
  readonly interval: number;
}

/** The settings and what they are when nobody sets them, by variable. */
const settings = {
  reservedSpace: "TSBUILD_GC_RESERVED_SPACE",
  maxUsedSpace: "TSBUILD_GC_MAX_USED_SPACE",
  minFreeSpace: "TSBUILD_GC_MIN_FREE_SPACE",
  keepDuration: "TSBUILD_GC_KEEP_DURATION",
  interval: "TSBUILD_GC_INTERVAL",
} as const;

/**
 * The limits of the automatic removal; undefined when it is switched off (TSBUILD_GC=0). Errors: PRUNE_SETTING.
 * Without settings: a tenth of the disk but at most 10 GB stays in any case, at most 80 % of the disk and 100 GB are used, a
 * fifth of the disk stays free, and what nobody used for 60 days goes; looked after at most once in a minute.
 */
export function gcLimits(
  env: Readonly<Record<string, string | undefined>>,
  disk: DiskSpace,
): Limits | undefined {
  const onOff = env["TSBUILD_GC"];
  if (onOff === "0" || onOff === "false" || onOff === "off") return undefined;
  const size = (name: string): number | undefined =>
    read(env, name, (t) => parseSize(t, disk.total));
  const time = (name: string): number | undefined => read(env, name, parseDuration);
  return {
    reservedSpace: size(settings.reservedSpace) ?? Math.min(disk.total * 0.1, 10 * giga),
    maxUsedSpace: size(settings.maxUsedSpace) ?? Math.min(disk.total * 0.8, 100 * giga),
    minFreeSpace: size(settings.minFreeSpace) ?? disk.total * 0.2,
    keepDuration: time(settings.keepDuration) ?? 60 * 24 * hour,
    interval: time(settings.interval) ?? hour / 60,
  };
}

function read(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  parse: (text: string) => number | undefined,
): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = parse(text);
  if (value === undefined)
    throw new TsbuildError("PRUNE_SETTING", `${name}=${text} is not understood`, {
      hint: "Sizes are 10GB or 20% of the disk, durations 24h or 60d.",
      details: { name, value: text },
    });
  return value;
}

/** The policies in the order in which they are applied: what is missed least goes first. */
export function gcPolicies(limits: Limits): readonly PrunePolicy[] {
  const { keepDuration, reservedSpace, maxUsedSpace, minFreeSpace } = limits;
  const caps = { reservedSpace, maxUsedSpace, minFreeSpace };
  return [
    {
      all: false,
      matches: ({ type }) => shortLived.has(type),
      keepDuration: Math.min(48 * hour, keepDuration),
      maxUsedSpace: Math.min(512e6, maxUsedSpace),
    },
    { all: false, matches: () => true, keepDuration, reservedSpace },
    { all: false, matches: ({ shared }) => !shared, ...caps },
    { all: true, matches: () => true, ...caps },
  ];
}
