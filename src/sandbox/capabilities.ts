// SPDX-License-Identifier: Apache-2.0
// Which capabilities a step gets: the container engines' fourteen, more or fewer by request.

import { didYouMean, TsbuildError } from "../base/index.js";

/** What a step has by default (bounding, and effective for root). */
export const defaultCapabilities: readonly string[] = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
];

const allCapabilities: readonly string[] = [
  ...defaultCapabilities,
  ..."DAC_READ_SEARCH LINUX_IMMUTABLE NET_BROADCAST NET_ADMIN IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO".split(
    " ",
  ),
  ..."SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG LEASE".split(
    " ",
  ),
  ..."AUDIT_CONTROL MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF".split(
    " ",
  ),
  "CHECKPOINT_RESTORE",
];

function parse(name: string): string {
  const upper = name.toUpperCase().replace(/^CAP_/, "");
  if (upper === "ALL" || allCapabilities.includes(upper)) return upper;
  throw new TsbuildError(
    "SANDBOX_CAPABILITY",
    `unknown capability ${name}${didYouMean(upper, allCapabilities)}`,
    { details: { capability: name } },
  );
}

/**
 * The capabilities of a step, as CAP_X. Names may lack the prefix and have any case; `ALL` stands for every one. What is
 * dropped by name stays dropped, what is added by name beats `drop ALL`.
 * @throws SANDBOX_CAPABILITY
 */
export function stepCapabilities(
  add: readonly string[] = [],
  drop: readonly string[] = [],
): string[] {
  const added = add.map(parse);
  const dropped = drop.map(parse);
  const start = dropped.includes("ALL")
    ? []
    : added.includes("ALL")
      ? allCapabilities
      : defaultCapabilities;
  const granted = new Set([...start, ...added.filter((name) => name !== "ALL")]);
  for (const name of dropped) granted.delete(name);
  return [...granted].map((name) => `CAP_${name}`);
}
