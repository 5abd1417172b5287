// SPDX-License-Identifier: Apache-2.0
// Where this machine's control groups are mounted, and where this process is in them. Pure but for reading /proc.

import { defined } from "../base/index.js";
import { readFileSync } from "node:fs";

/** A mounted hierarchy, and our place in it as the mount shows it. */
export interface CgroupPlace {
  readonly mount: string;
  readonly own: string;
}

/** Where this machine's hierarchies are, and where we are in them. */
export interface CgroupLayout {
  /** The unified hierarchy. */
  readonly unified?: CgroupPlace & {
    /** The mount was made outside of our control group namespace: it shows other groups by the names of ours. */
    readonly foreign?: boolean;
  };
  /** The old hierarchies, by controller. */
  readonly controllers: ReadonlyMap<string, CgroupPlace>;
}

/** `own` as a mount shows it whose root is the group `root`; undefined: it does not. */
function below(root: string, own: string): string | undefined {
  if (root.startsWith("/..") || own.startsWith("/..")) return undefined;
  if (root === "/") return own;
  if (own === root) return "/";
  return own.startsWith(`${root}/`) ? own.slice(root.length) : undefined;
}

/** Reads the layout from /proc/self/cgroup and /proc/self/mountinfo. */
export function cgroupLayout(cgroups: string, mountinfo: string): CgroupLayout {
  const own = new Map<string, string>();
  for (const line of cgroups.split("\n")) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    for (const name of match?.[1]?.split(",") ?? []) own.set(name, match?.[2] ?? "/");
  }
  const controllers = new Map<string, CgroupPlace>();
  let unified: CgroupLayout["unified"];
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "/", mount = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") {
      const seen = below(root, own.get("") ?? "/");
      // A later mount in the same place lies over the earlier one.
      if (unified === undefined || unified.foreign === true || unified.mount === mount)
        unified = seen === undefined ? { mount, own: "/", foreign: true } : { mount, own: seen };
    }
    if (type !== "cgroup") continue;
    for (const name of options.split(","))
      if (own.has(name) && !controllers.has(name))
        controllers.set(name, { mount, own: own.get(name) ?? "/" });
  }
  return { ...defined({ unified }), controllers };
}

/** This process's layout. It changes: see unifiedParent. */
export function readLayout(): CgroupLayout {
  return cgroupLayout(
    readFileSync("/proc/self/cgroup", "utf8"),
    readFileSync("/proc/self/mountinfo", "utf8"),
  );
}
