// SPDX-License-Identifier: Apache-2.0
// Who holds a lock, a lease or a scratch directory, told so that another process can find out whether it still lives:
// pid and start time (pids are reused), boot id (both start anew), pid namespace (both mean nothing in another one).

import { readFileSync, readlinkSync } from "node:fs";
import { errnoOf, isRecord } from "../base/index.js";

export interface Owner {
  readonly pid: number;
  /** Clock ticks since boot, as /proc/PID/stat has it. */
  readonly start: string;
  readonly boot: string;
  /** The inode of the pid namespace. */
  readonly ns: string;
}

/** `foreign`: in another pid namespace of this boot, so that only a heartbeat tells. */
export type Liveness = "alive" | "dead" | "foreign";

/** State and start time from /proc/PID/stat; the command in parentheses may itself hold parentheses and spaces. */
function readStat(pid: number | "self"): { state: string; start: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", start: fields[19] ?? "" };
}

let self: Owner | undefined;

/** This process. */
export function currentOwner(): Owner {
  self ??= {
    pid: process.pid,
    start: readStat("self")?.start ?? "0",
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(),
    ns: /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0",
  };
  return self;
}

/** Whether an owner still lives, as far as this process can see. */
export function livenessOf(owner: Owner): Liveness {
  const me = currentOwner();
  if (owner.boot !== me.boot) return "dead";
  if (owner.ns !== me.ns) return "foreign";
  const stat = readStat(owner.pid);
  if (stat !== undefined)
    return stat.start === owner.start && stat.state !== "Z" && stat.state !== "X"
      ? "alive"
      : "dead";
  try {
    // /proc may hide other users' processes; the signal that does nothing tells.
    process.kill(owner.pid, 0);
    return "alive";
  } catch (error) {
    return errnoOf(error) === "EPERM" ? "alive" : "dead";
  }
}

/** The owner as a file name: pid, start, namespace and the first part of the boot id. */
export function ownerName(owner: Owner): string {
  return [owner.pid, owner.start, owner.ns, owner.boot].join("_");
}

/** The owner that a file name begins with, or undefined when it is no such name. */
export function ownerFromName(name: string): Owner | undefined {
  const match = /^(\d{1,10})_(\d{1,20})_(\d{1,20})_([0-9a-f-]{36})(?:[._]|$)/.exec(name);
  const [, pid, start, ns, boot] = match ?? [];
  if (pid === undefined || start === undefined || ns === undefined || boot === undefined)
    return undefined;
  return { pid: Number(pid), start, ns, boot };
}

/** Narrows a stored record to an owner. */
export function isOwner(value: unknown): value is Owner {
  return (
    isRecord(value) &&
    typeof value["pid"] === "number" &&
    typeof value["start"] === "string" &&
    typeof value["boot"] === "string" &&
    typeof value["ns"] === "string"
  );
}
