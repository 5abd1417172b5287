// SPDX-License-Identifier: Apache-2.0
// Flags that limit what RUN may use.

import type { BuildRequest } from "../../build.js";
import type { BuildFlags } from "./build-flags.js";
import { parseBytes, parseUlimit, parseWhole } from "./values.js";

/** The limits that the flags ask for. */
export function runLimits(flags: BuildFlags): NonNullable<BuildRequest["limits"]> {
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
    ...(cpusetCpus === undefined ? {} : { cpusetCpus }),
    ...(cpusetMems === undefined ? {} : { cpusetMems }),
    ...(pidsLimit === undefined ? {} : { pids: parseWhole("--pids-limit", pidsLimit, -1) }),
    ...(cgroupParent === undefined ? {} : { cgroupParent }),
    ulimits: flags.ulimit.map(parseUlimit),
  };
}
