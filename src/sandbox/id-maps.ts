// SPDX-License-Identifier: Apache-2.0
// Decides which ids a rootless build has: its own as 0, and those that /etc/subuid and /etc/subgid lend it; root of a container has
// all of the container's. Only reads; the helper writes the maps.

import { accessSync, constants, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Field } from "./encode.js";

/** A run of ids: `inside` is the first in the namespace, `outside` the first on the host. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** The user namespace that a build will use. */
export type IdMaps =
  /** No user namespace: we are root and may mount. */
  | { readonly kind: "root" }
  | {
      readonly kind: "many";
      readonly uids: readonly IdRange[];
      readonly gids: readonly IdRange[];
      readonly newuidmap: string;
      readonly newgidmap: string;
    }
  /** All ids that there are here, each as itself: we are root and may map them, but not mount. */
  | { readonly kind: "all"; readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] }
  /** Only our own id; `missing` says why there are not more, `hint` what to do about it. */
  | {
      readonly kind: "one";
      readonly uid: number;
      readonly gid: number;
      readonly missing: string;
      readonly hint: string;
    };

/** What the decision depends on; the defaults are this machine's. */
export interface IdMapSources {
  readonly uid?: number;
  readonly gid?: number;
  readonly userName?: string;
  readonly subuid?: string;
  readonly subgid?: string;
  /** Absolute path of a program, or undefined. */
  readonly find?: (program: string) => string | undefined;
  readonly capabilities?: bigint;
  /** The maps of our own user namespace. */
  readonly uidMap?: string;
  readonly gidMap?: string;
}

const CAP_SYS_ADMIN = 21n;
/** CAP_SETGID, CAP_SETUID and CAP_SETFCAP: with them maps of a namespace that we have made may say any id of ours, 0 too. */
const mayMap = (1n << 6n) | (1n << 7n) | (1n << 31n);
/** More than any image uses; keeps the map within what one line of the kernel's takes. */
const MAX_INSIDE = 4_294_967_294;

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // no such file: nothing is lent to anybody
  }
}

/** The path of an executable in the directories where administrators install programs, never in the caller's PATH. */
export function findProgram(program: string): string | undefined {
  for (const dir of [
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/bin",
    "/sbin",
  ]) {
    const path = join(dir, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue; // not in this directory
    }
  }
  return undefined;
}

/** The ranges that a subuid(5) file lends a user, in file order, behind id 0 inside. Malformed lines do not count. */
export function lentRanges(text: string, userName: string, uid: number): IdRange[] {
  const ranges: IdRange[] = [];
  let inside = 1;
  for (const line of text.split("\n")) {
    const [owner, first, size] = line.split(":");
    if (owner === undefined || (owner !== userName && owner !== String(uid))) continue;
    if (!/^\d+$/.test(first ?? "") || !/^\d+$/.test(size ?? "")) continue;
    const outside = Number(first);
    const count = Math.min(Number(size), MAX_INSIDE - inside);
    if (outside === 0 || count <= 0 || outside + count > MAX_INSIDE) continue;
    ranges.push({ inside, outside, count });
    inside += count;
  }
  return ranges;
}

/** Every id of a namespace as itself, by its own map (user_namespaces(7)). */
export function ownRanges(map: string): IdRange[] {
  return [...map.matchAll(/^\s*(\d+)\s+\d+\s+(\d+)\s*$/gm)].map(([, first = "", count = ""]) => ({
    inside: Number(first),
    outside: Number(first),
    count: Number(count),
  }));
}

function effectiveCapabilities(): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readOptional("/proc/self/status"));
  return BigInt(`0x${match?.[1] ?? "0"}`);
}

function currentUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // a number without a name in /etc/passwd
  }
}

/** Decides. Pure apart from the defaults. */
export function chooseIdMaps(sources: IdMapSources = {}): IdMaps {
  const uid = sources.uid ?? process.geteuid?.() ?? 0;
  const gid = sources.gid ?? process.getegid?.() ?? 0;
  const capabilities = sources.capabilities ?? effectiveCapabilities();
  if (uid === 0 && (capabilities & (1n << CAP_SYS_ADMIN)) !== 0n) return { kind: "root" };
  if (uid === 0 && (capabilities & mayMap) === mayMap) {
    const allUids = ownRanges(sources.uidMap ?? readOptional("/proc/self/uid_map"));
    const allGids = ownRanges(sources.gidMap ?? readOptional("/proc/self/gid_map"));
    if (allUids.length > 0 && allGids.length > 0)
      return { kind: "all", uids: allUids, gids: allGids };
  }
  const userName = sources.userName ?? currentUserName();
  const find = sources.find ?? findProgram;
  const newuidmap = find("newuidmap");
  const newgidmap = find("newgidmap");
  const one = (missing: string, hint: string): IdMaps => ({ kind: "one", uid, gid, missing, hint });
  if (newuidmap === undefined || newgidmap === undefined)
    return one(
      "newuidmap and newgidmap are not installed",
      "install the package uidmap (Fedora: shadow-utils)",
    );
  const uids = lentRanges(sources.subuid ?? readOptional("/etc/subuid"), userName, uid);
  const gids = lentRanges(sources.subgid ?? readOptional("/etc/subgid"), userName, uid);
  if (uids.length === 0 || gids.length === 0)
    return one(
      `${uids.length === 0 ? "/etc/subuid" : "/etc/subgid"} lends no ids to this user`,
      `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userName === "" ? String(uid) : userName}`,
    );
  return {
    kind: "many",
    uids: [{ inside: 0, outside: uid, count: 1 }, ...uids],
    gids: [{ inside: 0, outside: gid, count: 1 }, ...gids],
    newuidmap,
    newgidmap,
  };
}

/** The maps as fields of a request. */
export function idMapFields(maps: IdMaps): Field[] {
  const field = (name: string, { inside, outside, count }: IdRange): Field => [
    name,
    `${inside} ${outside} ${count}`,
  ];
  switch (maps.kind) {
    case "root":
      return [];
    case "one":
      return [
        ["uidmap", `0 ${maps.uid} 1`],
        ["gidmap", `0 ${maps.gid} 1`],
      ];
    case "all":
      return [
        ...maps.uids.map((range) => field("uidmap", range)),
        ...maps.gids.map((range) => field("gidmap", range)),
        ["own-maps", true],
      ];
    case "many":
      return [
        ...maps.uids.map((range) => field("uidmap", range)),
        ...maps.gids.map((range) => field("gidmap", range)),
        ["newuidmap", maps.newuidmap],
        ["newgidmap", maps.newgidmap],
      ];
  }
}
