// SPDX-License-Identifier: Apache-2.0
// Which paths of /proc and /sys a step does not see or cannot change, and how `mask`, `unmask` and `systempaths` change that.

/** What is covered in a step. */
export interface SystemPaths {
  readonly masked: readonly string[];
  readonly readOnly: readonly string[];
}

/** What the container engines hide: it tells about the host, or slows it down. */
export const defaultSystemPaths: SystemPaths = {
  masked: [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
  ],
  readOnly: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
};

/** `*` and `?` do not match slashes. */
function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^${source}$`);
}

/** Without the paths that a pattern names; `ALL` names every one. */
export function unmask(
  { masked, readOnly }: SystemPaths,
  patterns: readonly string[],
): SystemPaths {
  if (patterns.some((pattern) => pattern.toLowerCase() === "all"))
    return { masked: [], readOnly: [] };
  const expressions = patterns.map(patternOf);
  const stays = (path: string): boolean => !expressions.some((expression) => expression.test(path));
  return { masked: masked.filter(stays), readOnly: readOnly.filter(stays) };
}
