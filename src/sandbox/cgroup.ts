// SPDX-License-Identifier: Apache-2.0
// A step's control group, when it has limits: makes it, sets it up, tells whether it ran out of memory, removes it. The
// helper only puts the command into it. Groups are `tsbuild-PID-N`; those of processes that are gone are removed in passing.

import {
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
import { settingsV1, settingsV2, type CgroupSetting } from "./cgroup-settings.js";
import type { RunLimits } from "./types.js";

/** Where this machine's hierarchies are, and where we are in them. */
export interface CgroupLayout {
  /** Mount point of the unified hierarchy, and our place in it. */
  readonly unified?: { readonly mount: string; readonly own: string };
  /** The same for each controller of the old hierarchies. */
  readonly controllers: ReadonlyMap<string, { readonly mount: string; readonly own: string }>;
}

export interface StepCgroup extends AsyncDisposable {
  /** One directory, or one for each old hierarchy in use. */
  readonly paths: readonly string[];
  /** Whether the kernel killed something in it for want of memory. */
  outOfMemory(): boolean;
}

let counter = 0;

/** Reads the layout from /proc/self/cgroup and /proc/self/mountinfo. */
export function cgroupLayout(cgroups: string, mountinfo: string): CgroupLayout {
  const own = new Map<string, string>();
  for (const line of cgroups.split("\n")) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    for (const name of match?.[1]?.split(",") ?? []) own.set(name, match?.[2] ?? "/");
  }
  const controllers = new Map<string, { mount: string; own: string }>();
  let unified: CgroupLayout["unified"];
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const mount = before.split(" ")[4] ?? "";
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") unified ??= { mount, own: own.get("") ?? "/" };
    if (type !== "cgroup") continue;
    for (const name of options.split(","))
      if (own.has(name) && !controllers.has(name))
        controllers.set(name, { mount, own: own.get(name) ?? "/" });
  }
  return { ...(unified === undefined ? {} : { unified }), controllers };
}

function readLayout(): CgroupLayout {
  return cgroupLayout(
    readFileSync("/proc/self/cgroup", "utf8"),
    readFileSync("/proc/self/mountinfo", "utf8"),
  );
}

function unusable(what: string, why: string, hint: string, cause?: unknown): TsbuildError {
  return new TsbuildError("SANDBOX_CGROUP", `cannot limit ${what}: ${why}`, {
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

/** `a-b.slice` of systemd lies in `a.slice`; a plain path is what it is. */
function parentPath(parent: string): string {
  const match = /^\/?([^/:]+)\.slice$/.exec(parent);
  if (match?.[1] === undefined) return join("/", parent);
  const parts = match[1].split("-");
  return join("/", ...parts.map((_, i) => `${parts.slice(0, i + 1).join("-")}.slice`));
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
    throw unusable(
      what,
      `no control group can be made below ${parent} (${errnoOf(cause) ?? messageOf(cause)})`,
      "without root, run in a delegated group: systemd-run --user --scope -p Delegate=yes tsbuild ...",
      cause,
    );
  }
}

async function removeGroup(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(dir);
      return;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      // The kernel takes a moment to let go of dead processes.
      if (errnoOf(error) !== "EBUSY" || tries === 50) throw error;
      await sleep(20);
    }
  }
}

function controllersOf(dir: string): readonly string[] {
  return readFileSync(join(dir, "cgroup.controllers"), "utf8").trim().split(" ");
}

/** Turns controllers on for the groups below `dir`. False: not here. */
function enable(dir: string, controllers: readonly string[]): boolean {
  try {
    const available = controllersOf(dir);
    if (!controllers.every((name) => available.includes(name))) return false;
    writeFileSync(
      join(dir, "cgroup.subtree_control"),
      controllers.map((name) => `+${name}`).join(" "),
    );
    return true;
  } catch {
    return false; // not ours to change, or it holds processes itself
  }
}

/** The group to make ours in: the one asked for; as root `/tsbuild`; else the nearest above us that we may change. */
function unifiedParent(
  { mount, own }: { mount: string; own: string },
  controllers: readonly string[],
  asked: string | undefined,
): string | undefined {
  if (asked !== undefined || process.geteuid?.() === 0) {
    const parts = parentPath(asked ?? "/tsbuild")
      .split("/")
      .filter((part) => part !== "");
    let dir = mount;
    for (const part of ["", ...parts]) {
      dir = join(dir, part);
      mkdirSync(dir, { recursive: true });
      if (!enable(dir, controllers)) return undefined;
    }
    return dir;
  }
  for (let path = own; path !== "/"; path = dirname(path))
    if (enable(join(mount, path), controllers)) return join(mount, path);
  return undefined;
}

/** What is missing where we are: controllers, or the right to use them. */
function whyNot(
  { mount, own }: { mount: string; own: string },
  controllers: readonly string[],
): string {
  try {
    const available = controllersOf(join(mount, own));
    const missing = controllers.filter((name) => !available.includes(name));
    if (missing.length > 0)
      return `the control group ${own} does not have ${missing.join(", ")} (it has ${available.join(", ") || "none"})`;
  } catch {
    return `the control group ${own} cannot be looked at below ${mount}`;
  }
  return `no control group from ${own} upwards may be changed by this user and is free of processes`;
}

function openUnified(
  unified: { mount: string; own: string },
  settings: readonly CgroupSetting[],
  asked: string | undefined,
): string {
  const controllers = [...new Set(settings.map(({ controller }) => controller))];
  const parent = unifiedParent(unified, controllers, asked);
  if (parent === undefined)
    throw unusable(
      controllers.join(", "),
      whyNot(unified, controllers),
      "without root, run in a delegated group: systemd-run --user --scope -p Delegate=yes tsbuild ...",
    );
  return makeGroup(parent, controllers.join(", "));
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
      "enable it in the kernel",
    );
  const dir = makeGroup(
    join(place.mount, asked === undefined ? "/tsbuild" : parentPath(asked)),
    controller,
  );
  if (controller === "cpuset") inheritCpuset(dir);
  return dir;
}

function hasController(layout: CgroupLayout, controller: string): boolean {
  if (layout.unified === undefined) return false;
  try {
    return controllersOf(layout.unified.mount).includes(controller);
  } catch {
    // A mount that shows a part of the hierarchy only; our own group knows.
    return layout.controllers.size === 0;
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
    if (
      unified !== undefined &&
      wanted.every(({ controller }) => hasController(layout, controller))
    ) {
      const dir = openUnified(unified, wanted, limits.cgroupParent);
      paths.push(dir);
      for (const setting of wanted) write(dir, setting);
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
