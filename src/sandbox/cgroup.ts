// SPDX-License-Identifier: Apache-2.0
// A step's control group, when it has limits: makes it, sets it up, tells whether it ran out of memory, removes it. The
// helper only puts the command into it. Groups are `tsbuild-PID-N`; those of processes that are gone are removed in passing.
// Which of these can be had, for `tsbuild info`.

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, messageOf, TsbuildError } from "../base/index.js";
import { readLayout, type CgroupLayout, type CgroupPlace } from "./cgroup-layout.js";
import { settingsV1, settingsV2, type CgroupSetting } from "./cgroup-settings.js";
import { controllersOf, explain, parentPath, unifiedParent } from "./cgroup-unified.js";
import type { RunLimits } from "./types.js";

export interface StepCgroup extends AsyncDisposable {
  /** One directory, or one for each old hierarchy in use. */
  readonly paths: readonly string[];
  /** Whether the kernel killed something in it for want of memory. */
  outOfMemory(): boolean;
}

let counter = 0;

/** `what`: controllers; none when only a parent is asked for. */
function unusable(what: string, why: string, hint: string, cause?: unknown): TsbuildError {
  const wish = what === "" ? "use --cgroup-parent" : `limit ${what}`;
  return new TsbuildError("SANDBOX_CGROUP", `cannot ${wish}: ${why}`, {
    hint,
    cause,
    details: { what },
  });
}

function write(dir: string, setting: CgroupSetting): void {
  try {
    writeFileSync(join(dir, setting.file), setting.value);
  } catch (cause) {
    throw unusable(
      setting.controller,
      `${join(dir, setting.file)} does not take ${setting.value} (${errnoOf(cause) ?? messageOf(cause)})`,
      setting.file.includes("sw")
        ? "the kernel may be booted without swap accounting (swapaccount=1)"
        : "check the value, and the limits of the groups above",
      cause,
    );
  }
}

/** The numbers of a list such as `0-2,5`. */
function numbers(list: string): Set<number> {
  const found = new Set<number>();
  for (const part of list.trim().split(",")) {
    const [first = "", last = first] = part.split("-");
    for (let n = Number(first); first !== "" && n <= Number(last); n++) found.add(n);
  }
  return found;
}

/** The kernel takes any cpus and memory nodes, and gives a group all of its parent's when it can have none of these. */
function checkEffective(dir: string, { controller, file, value }: CgroupSetting): void {
  const path = join(dir, `${file}.effective`);
  if (controller !== "cpuset" || !existsSync(path)) return;
  const wanted = numbers(value);
  const effective = readFileSync(path, "utf8").trim();
  if ([...numbers(effective)].every((n) => wanted.has(n))) return;
  throw unusable(
    controller,
    `none of ${value} can be had: ${path} has ${effective}`,
    "check the value, and the limits of the groups above",
  );
}

function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^tsbuild-(\d+)-\d+$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      rmdirSync(join(parent, name));
    } catch {
      continue; // still busy, or another build was faster
    }
  }
}

function makeGroup(parent: string, what: string): string {
  const dir = join(parent, `tsbuild-${process.pid}-${++counter}`);
  try {
    mkdirSync(parent, { recursive: true });
    removeStale(parent);
    mkdirSync(dir);
    return dir;
  } catch (cause) {
    const errno = errnoOf(cause) ?? messageOf(cause);
    throw unusable(
      what,
      `no control group can be made below ${parent} (${errno})`,
      explain({ group: parent, errno }).hint,
      cause,
    );
  }
}

/** Ends whatever is in a group, where the kernel can (version 2, Linux 5.14). */
function killRest(dir: string): void {
  const path = join(dir, "cgroup.kill");
  if (existsSync(path)) writeFileSync(path, "1");
}

async function removeGroup(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(dir);
      return;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      // The kernel takes a moment to let go of dead processes. One that is alive has outlived the helper and its guard.
      if (errnoOf(error) !== "EBUSY" || tries === 100) throw error;
      if (tries === 10) killRest(dir);
      await sleep(20);
    }
  }
}

function openUnified(
  unified: NonNullable<CgroupLayout["unified"]>,
  settings: readonly CgroupSetting[],
  asked: string | undefined,
): string {
  const controllers = [...new Set(settings.map(({ controller }) => controller))];
  const what = controllers.join(", ");
  const parent = unifiedParent(unified, controllers, asked);
  if (typeof parent === "string") return makeGroup(parent, what);
  const { why, hint } = explain(parent);
  throw unusable(what, why, hint);
}

/** A new cpuset of v1 has no cpus and no memory: nothing can run in it until they are copied from above. */
function inheritCpuset(dir: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    for (const group of [dirname(dir), dir]) {
      const path = join(group, file);
      if (readFileSync(path, "utf8").trim() !== "") continue;
      writeFileSync(path, readFileSync(join(dirname(group), file), "utf8").trim());
    }
  }
}

function openOld(layout: CgroupLayout, controller: string, asked: string | undefined): string {
  const place = layout.controllers.get(controller);
  if (place === undefined)
    throw unusable(
      controller,
      "this machine has no such control group controller",
      "mount -t cgroup2 none /sys/fs/cgroup, or enable it in the kernel",
    );
  const dir = makeGroup(
    join(place.mount, asked === undefined ? "/tsbuild" : parentPath(asked)),
    controller,
  );
  if (controller === "cpuset") inheritCpuset(dir);
  return dir;
}

/** Whether a controller is the unified hierarchy's; one that is nowhere is missing there. */
function isUnified({ unified, controllers }: CgroupLayout, controller: string): boolean {
  if (unified === undefined || !controllers.has(controller)) return unified !== undefined;
  try {
    return controllersOf(unified.mount).includes(controller);
  } catch {
    return false;
  }
}

function killedForMemory(dir: string): boolean {
  for (const file of ["memory.events", "memory.oom_control"]) {
    const path = join(dir, file);
    if (existsSync(path) && /^oom_kill [1-9]/m.test(readFileSync(path, "utf8"))) return true;
  }
  return false;
}

/**
 * Makes the control group that these limits ask for; undefined when they ask for none. `given`: instead of this machine's
 * hierarchies.
 * @throws SANDBOX_CGROUP when a limit cannot be set on this machine.
 */
export async function openCgroup(
  limits: RunLimits,
  given?: CgroupLayout,
): Promise<StepCgroup | undefined> {
  const wanted = settingsV2(limits);
  if (wanted.length === 0 && limits.cgroupParent === undefined) return undefined;
  const layout = given ?? readLayout();
  const paths: string[] = [];
  const dispose = async (): Promise<void> => {
    for (const path of paths) await removeGroup(path);
  };
  try {
    const { unified } = layout;
    if (unified !== undefined && wanted.every(({ controller }) => isUnified(layout, controller))) {
      const dir = openUnified(unified, wanted, limits.cgroupParent);
      paths.push(dir);
      for (const setting of wanted) {
        write(dir, setting);
        checkEffective(dir, setting);
      }
    } else {
      const old = settingsV1(limits);
      for (const controller of new Set(old.map((setting) => setting.controller))) {
        const dir = openOld(layout, controller, limits.cgroupParent);
        paths.push(dir);
        for (const setting of old) if (setting.controller === controller) write(dir, setting);
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    paths,
    outOfMemory: () => paths.some(killedForMemory),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Which controllers a step can be limited by, and why not by the others. */
export interface CgroupSupport {
  readonly version: 1 | 2;
  readonly usable: readonly string[];
  readonly fault?: { readonly why: string; readonly hint: string };
}

function mayMakeGroup({ mount }: CgroupPlace): boolean {
  const group = join(mount, "tsbuild");
  try {
    accessSync(existsSync(group) ? group : mount, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What openCgroup could do for this process, found without changing anything. Undefined: nothing is mounted. */
export function cgroupSupport(given?: CgroupLayout): CgroupSupport | undefined {
  const layout = given ?? readLayout();
  const all = ["memory", "cpu", "cpuset", "pids"];
  const { unified, controllers } = layout;
  if (unified !== undefined && all.some((name) => isUnified(layout, name))) {
    const usable = all.filter(
      (name) => typeof unifiedParent(unified, [name], undefined, true) === "string",
    );
    const together = unifiedParent(unified, all, undefined, true);
    return {
      version: 2,
      usable,
      ...(typeof together === "string" ? {} : { fault: explain(together) }),
    };
  }
  const mounted = all.filter((name) => controllers.has(name));
  if (mounted.length === 0) return undefined;
  const usable = mounted.filter((name) => mayMakeGroup(controllers.get(name) as CgroupPlace));
  const missing = all.filter((name) => !usable.includes(name));
  return {
    version: 1,
    usable,
    ...(missing.length === 0
      ? {}
      : {
          fault: {
            why: `${missing.join(", ")}: not mounted, or not this user's to change`,
            hint: "version 1 has no limits without root; version 2 (systemd.unified_cgroup_hierarchy=1) can delegate them",
          },
        }),
  };
}
