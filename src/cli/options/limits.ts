// SPDX-License-Identifier: Apache-2.0
// Flags that limit what RUN may use.

import { defined } from "../../base/index.js";
import type { BuildRequest } from "../../build.js";
import { parseAttributes, parseBytes, parseUlimit, parseWhole, separated } from "./values.js";

type LimitFlag =
  | "memory"
  | "memorySwap"
  | "cpuShares"
  | "cpuPeriod"
  | "cpuQuota"
  | "cpusetCpus"
  | "cpusetMems"
  | "pidsLimit";

/** Names that `--resource` knows, and the flag that each stands for. */
const resources: Readonly<Record<string, LimitFlag>> = {
  memory: "memory",
  "memory-swap": "memorySwap",
  "cpu-shares": "cpuShares",
  "cpu-period": "cpuPeriod",
  "cpu-quota": "cpuQuota",
  "cpuset-cpus": "cpusetCpus",
  "cpuset-mems": "cpusetMems",
  pids: "pidsLimit",
};

/** `--resource` texts (several, each with one or more `name=value`) as flags. */
function resourceFlags(texts: readonly string[]): Partial<Record<LimitFlag, string>> {
  const flags: Partial<Record<LimitFlag, string>> = {};
  for (const text of texts)
    for (const [name, value] of parseAttributes("--resource", text, Object.keys(resources))) {
      const flag = resources[name];
      if (flag !== undefined) flags[flag] = value;
    }
  return flags;
}

/** Flags that build and run share, as commander hands them over. */
export type LimitFlags = { readonly [name in LimitFlag]?: string } & {
  readonly cgroupParent?: string;
  readonly resource: readonly string[];
  readonly ulimit: readonly string[];
};

/** The limits that the flags ask for. */
export function runLimits(given: LimitFlags): NonNullable<BuildRequest["limits"]> {
  const flags = { ...resourceFlags(given.resource), ...given };
  const {
    memory,
    memorySwap,
    cpuShares,
    cpuPeriod,
    cpuQuota,
    cpusetCpus,
    cpusetMems,
    pidsLimit,
    cgroupParent,
  } = flags;
  return {
    ...(memory === undefined ? {} : { memory: parseBytes("--memory", memory) }),
    ...(memorySwap === undefined
      ? {}
      : { memorySwap: memorySwap === "-1" ? -1 : parseBytes("--memory-swap", memorySwap) }),
    ...(cpuShares === undefined ? {} : { cpuShares: parseWhole("--cpu-shares", cpuShares, 2) }),
    ...(cpuPeriod === undefined ? {} : { cpuPeriod: parseWhole("--cpu-period", cpuPeriod, 1000) }),
    ...(cpuQuota === undefined ? {} : { cpuQuota: parseWhole("--cpu-quota", cpuQuota, -1) }),
    ...defined({ cpusetCpus, cpusetMems }),
    ...(pidsLimit === undefined ? {} : { pids: parseWhole("--pids-limit", pidsLimit, -1) }),
    ...defined({ cgroupParent }),
    // `host`, which Buildah knows, are this process's: those that a command has anyway.
    ulimits: separated(flags.ulimit)
      .filter((text) => text !== "host")
      .map(parseUlimit),
  };
}
