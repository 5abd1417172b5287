// SPDX-License-Identifier: Apache-2.0
// From the limits of a step to the control files of cgroup v2 and v1. Pure.

import { TsbuildError } from "../base/index.js";
import type { RunLimits } from "./types.js";

/** One control file to write. */
export interface CgroupSetting {
  readonly controller: "memory" | "cpu" | "cpuset" | "pids";
  readonly file: string;
  readonly value: string;
}

/** cgroup v1's cpu.shares (2 to 262144) on v2's scale of cpu.weight (1 to 10000). */
function weightOfShares(shares: number): number {
  const clamped = Math.min(Math.max(shares, 2), 262_144);
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142);
}

function swapBeyondMemory(limits: RunLimits): number {
  if (limits.memory === undefined || (limits.memorySwap ?? -1) < 0) return -1;
  const swap = (limits.memorySwap ?? 0) - limits.memory;
  if (swap < 0)
    throw new TsbuildError(
      "SANDBOX_CGROUP",
      "the limit of memory and swap is lower than that of memory alone",
      {
        hint: "--memory-swap is the sum of both; -1 leaves swap unlimited",
        details: { memory: limits.memory, memorySwap: limits.memorySwap },
      },
    );
  return swap;
}

/** For the unified hierarchy. */
export function settingsV2(limits: RunLimits): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const add = (controller: CgroupSetting["controller"], file: string, value: string): void => {
    settings.push({ controller, file, value });
  };
  if (limits.memory !== undefined) add("memory", "memory.max", String(limits.memory));
  if (limits.memorySwap !== undefined) {
    const swap = swapBeyondMemory(limits);
    add("memory", "memory.swap.max", swap < 0 ? "max" : String(swap));
  }
  if (limits.cpuShares !== undefined)
    add("cpu", "cpu.weight", String(weightOfShares(limits.cpuShares)));
  if (limits.cpuQuota !== undefined || limits.cpuPeriod !== undefined) {
    const quota = (limits.cpuQuota ?? -1) <= 0 ? "max" : String(limits.cpuQuota);
    add("cpu", "cpu.max", `${quota} ${limits.cpuPeriod ?? 100_000}`);
  }
  if (limits.cpusetCpus !== undefined) add("cpuset", "cpuset.cpus", limits.cpusetCpus);
  if (limits.cpusetMems !== undefined) add("cpuset", "cpuset.mems", limits.cpusetMems);
  if (limits.pids !== undefined)
    add("pids", "pids.max", limits.pids <= 0 ? "max" : String(limits.pids));
  return settings;
}

/** For the old hierarchies. The order matters: memory before memory and swap, the period before the quota. */
export function settingsV1(limits: RunLimits): CgroupSetting[] {
  const settings: CgroupSetting[] = [];
  const add = (
    controller: CgroupSetting["controller"],
    file: string,
    value: string | number,
  ): void => {
    settings.push({ controller, file, value: String(value) });
  };
  if (limits.memory !== undefined) add("memory", "memory.limit_in_bytes", limits.memory);
  if (limits.memorySwap !== undefined) {
    swapBeyondMemory(limits);
    add("memory", "memory.memsw.limit_in_bytes", limits.memorySwap);
  }
  if (limits.cpuShares !== undefined) add("cpu", "cpu.shares", limits.cpuShares);
  if (limits.cpuPeriod !== undefined) add("cpu", "cpu.cfs_period_us", limits.cpuPeriod);
  if (limits.cpuQuota !== undefined) add("cpu", "cpu.cfs_quota_us", limits.cpuQuota);
  if (limits.cpusetCpus !== undefined) add("cpuset", "cpuset.cpus", limits.cpusetCpus);
  if (limits.cpusetMems !== undefined) add("cpuset", "cpuset.mems", limits.cpusetMems);
  if (limits.pids !== undefined) add("pids", "pids.max", limits.pids <= 0 ? "max" : limits.pids);
  return settings;
}
