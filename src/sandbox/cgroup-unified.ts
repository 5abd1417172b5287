// SPDX-License-Identifier: Apache-2.0
// Version 2: in which group a step's can be made. The controllers have to be turned on in every group above it, and the kernel
// refuses that in a group that holds processes itself, as ours does: the processes of a group that is delegated to us are moved
// into a group below it first, which is what engines in containers and rootlesskit do, too.

import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, messageOf } from "../base/index.js";
import type { CgroupLayout } from "./cgroup-layout.js";

/** Where the processes of our own group go, us among them. */
const OTHERS = "tsbuild-others";

/** Instead of an error of the system. */
const FOREIGN = "foreign";

type Unified = NonNullable<CgroupLayout["unified"]>;

/** Why the controllers cannot be turned on in a group: what the system said, or which of them the group was not given. */
export type Obstacle = { readonly group: string } & (
  | { readonly errno: string }
  | { readonly missing: readonly string[]; readonly available: readonly string[] }
);

/** What is known about a group while its controllers are turned on. */
interface Attempt {
  readonly mount: string;
  readonly group: string;
  readonly controllers: readonly string[];
  /** The step's group is to be made right below it. */
  readonly last: boolean;
  /** Its processes may be moved. */
  readonly movable: boolean;
  /** Only look whether it could be done. */
  readonly dry: boolean;
}

function words(dir: string, file: string): string[] {
  const text = readFileSync(join(dir, file), "utf8").trim();
  return text === "" ? [] : text.split(/\s+/);
}

/** Those that groups below this one could have. */
export function controllersOf(dir: string): readonly string[] {
  return words(dir, "cgroup.controllers");
}

/** The root of the whole hierarchy, in which processes are no obstacle, has no type; that of a namespace does. */
function holdsProcesses(dir: string): boolean {
  return existsSync(join(dir, "cgroup.type")) && words(dir, "cgroup.procs").length > 0;
}

function moveProcesses(dir: string): void {
  const target = join(dir, OTHERS);
  mkdirSync(target, { recursive: true });
  for (const pid of words(dir, "cgroup.procs")) {
    // Of a namespace that we do not see; and for the kernel 0 is ourselves.
    if (pid === "0") continue;
    try {
      writeFileSync(join(target, "cgroup.procs"), pid);
    } catch (error) {
      if (errnoOf(error) !== "ESRCH") throw error;
    }
  }
}

function checkWritable(dir: string): void {
  for (const path of [dir, join(dir, "cgroup.subtree_control"), join(dir, "cgroup.procs")])
    accessSync(path, constants.W_OK);
}

/** A process may be forked while others are moved: then once more. */
const MOVES = 5;

function empty({ mount, group, movable, dry }: Attempt): Obstacle | undefined {
  const dir = join(mount, group);
  for (let moves = 0; holdsProcesses(dir); moves++) {
    // Without memory among the controllers the kernel would let them be turned on, and then no process join.
    if (!movable || moves === MOVES) return { group, errno: "EBUSY" };
    if (dry) return undefined;
    moveProcesses(dir);
  }
  return undefined;
}

/** Turns controllers on for the groups below one. */
function enable(attempt: Attempt): Obstacle | undefined {
  const { mount, group, controllers, last, dry } = attempt;
  const dir = join(mount, group);
  try {
    // Before anything is written: above a delegated group nothing can be, nor has to be.
    const on = words(dir, "cgroup.subtree_control");
    const wanted = controllers.filter((name) => !on.includes(name));
    if (last || wanted.length > 0) checkWritable(dir);
    const available = controllersOf(dir);
    const missing = wanted.filter((name) => !available.includes(name));
    if (missing.length > 0) return { group, missing, available };
    const obstacle = controllers.length > 0 ? empty(attempt) : undefined;
    if (obstacle !== undefined || dry || wanted.length === 0) return obstacle;
    writeFileSync(join(dir, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
    return undefined;
  } catch (error) {
    return { group, errno: errnoOf(error) ?? messageOf(error) };
  }
}

/** `a-b.slice` of systemd lies in `a.slice`; a plain path is what it is. */
export function parentPath(parent: string): string {
  const match = /^\/?([^/:]+)\.slice$/.exec(parent);
  if (match?.[1] === undefined) return join("/", parent);
  const parts = match[1].split("-");
  return join("/", ...parts.map((_, i) => `${parts.slice(0, i + 1).join("-")}.slice`));
}

/** A group and those above it, the root last. */
function upwards(group: string): string[] {
  return group === "/" ? ["/"] : [group, ...upwards(dirname(group))];
}

function makeMissing(mount: string, group: string): Obstacle | undefined {
  try {
    mkdirSync(join(mount, group), { recursive: true });
    return undefined;
  } catch (error) {
    return { group: dirname(group), errno: errnoOf(error) ?? messageOf(error) };
  }
}

/** Our own group, or the one that we were moved out of. */
function delegated({ own }: Unified): string {
  return basename(own) === OTHERS ? dirname(own) : own;
}

/**
 * The group to make a step's in, with the controllers turned on for it: the one asked for; as root `/tsbuild`; else our own
 * or the nearest above it that we may change, so that the limits of our own hold for steps, too. `dry`: changes nothing.
 */
export function unifiedParent(
  place: Unified,
  controllers: readonly string[],
  asked: string | undefined,
  dry = false,
): string | Obstacle {
  const { mount, foreign } = place;
  if (foreign === true) return { group: mount, errno: FOREIGN };
  const ours = delegated(place);
  const attempt = (group: string, last = true): Obstacle | undefined =>
    enable({ mount, group, controllers, last, movable: group === ours, dry });
  if (asked !== undefined || process.geteuid?.() === 0) {
    const target = parentPath(asked ?? "/tsbuild");
    // Those that would be made have nothing to look at.
    const groups = upwards(target).filter((group) => !dry || group === "/");
    for (const group of groups.reverse()) {
      const obstacle = makeMissing(mount, group) ?? attempt(group, group === target || dry);
      if (obstacle !== undefined) return obstacle;
    }
    return join(mount, target);
  }
  let nearest: Obstacle | undefined;
  for (const group of upwards(ours)) {
    const obstacle = attempt(group);
    if (obstacle === undefined) return join(mount, group);
    nearest ??= obstacle;
  }
  return nearest ?? { group: ours, errno: "ENOENT" };
}

const DELEGATE =
  "run in a delegated group: systemd-run --user --scope -p Delegate=yes tsbuild ... (in a unit: Delegate=yes)";

/** An obstacle in words, and what to do about it. */
export function explain(obstacle: Obstacle): { readonly why: string; readonly hint: string } {
  const { group } = obstacle;
  if ("missing" in obstacle) {
    const has = obstacle.available.join(", ");
    return {
      why: `the control group ${group} does not have ${obstacle.missing.join(", ")} (it has ${has || "none"})`,
      hint:
        process.geteuid?.() === 0
          ? "the groups above have to pass it on (cgroup.subtree_control), and the kernel must not have it disabled"
          : "as root: systemctl edit user@.service, with [Service] and Delegate=cpu cpuset io memory pids; then log in again",
    };
  }
  switch (obstacle.errno) {
    case "EACCES":
    case "EPERM":
      return { why: `the control group ${group} is not this user's to change`, hint: DELEGATE };
    case "EROFS":
      return {
        why: "control groups are mounted read-only",
        hint: "in a container: have /sys/fs/cgroup writable when it is started (docker run --privileged)",
      };
    case "EBUSY":
      return {
        why: `the control group ${group} holds processes, so that none below it can have limits`,
        hint: "name a group without processes with --cgroup-parent",
      };
    case FOREIGN:
      return {
        why: `${group} shows the control groups of another namespace`,
        hint: "mount this namespace's own in its place: umount /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup",
      };
    default:
      return {
        why: `the control group ${group} cannot be used (${obstacle.errno})`,
        hint: "check --cgroup-parent, and what is mounted on /sys/fs/cgroup",
      };
  }
}
