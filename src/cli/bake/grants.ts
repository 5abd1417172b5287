// SPDX-License-Identifier: Apache-2.0
// What build targets may have of this machine. A file of targets may be a stranger's: below the current directory it reads and
// writes; anything else, and what a Dockerfile needs permission for, has to be granted with --allow.

import { resolve } from "node:path";
import { isBelow, messageOf, realPlace, TsbuildError } from "../../base/index.js";
import { usageError } from "../options/values.js";

/** What targets ask for. Paths are relative to the directory. */
export interface Wishes {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** `network.host`, `security.insecure`, `device` or `device=NAME`. */
  readonly entitlements: readonly string[];
  /** The ssh agent that is in the environment. */
  readonly agent: boolean;
  /** An output that deletes what it does not write. */
  readonly deletes: boolean;
}

export const noWishes: Wishes = {
  reads: [],
  writes: [],
  entitlements: [],
  agent: false,
  deletes: false,
};

interface Grants {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly others: ReadonlySet<string>;
}

const words = ["network.host", "security.insecure", "device", "ssh", "buildx.local.delete"];

function parseGrants(allow: readonly string[]): Grants {
  const reads: string[] = [];
  const writes: string[] = [];
  const others = new Set<string>();
  for (const text of allow) {
    const [name = "", value] = text.split(/=(.*)/s);
    if (["fs", "fs.read"].includes(name)) reads.push(value ?? "");
    if (["fs", "fs.write"].includes(name)) writes.push(value ?? "");
    if (name.startsWith("fs") || name.startsWith("image")) continue;
    if (!words.includes(name) || (value !== undefined && name !== "device"))
      throw usageError(
        "--allow",
        text,
        `expected fs=, fs.read= or fs.write= and a path, or ${words.join(", ")}`,
      );
    others.add(text);
  }
  return { reads, writes, others };
}

/** Errors: CLI_NOT_ALLOWED. */
function whereItIs(path: string): string {
  try {
    return realPlace(path);
  } catch (error) {
    throw new TsbuildError(
      "CLI_NOT_ALLOWED",
      `where ${path} is, which build targets ask for, cannot be told: ${messageOf(error)}`,
      { cause: error, details: { path } },
    );
  }
}

function beyond(paths: readonly string[], granted: readonly string[], directory: string): string[] {
  if (granted.includes("*")) return [];
  const allowed = [directory, ...granted].map((path) => whereItIs(resolve(directory, path)));
  const found = paths.map((path) => whereItIs(resolve(directory, path)));
  return [...new Set(found)].filter((path) => !allowed.some((root) => isBelow(path, root))).sort();
}

/** The values of --allow that are missing, in the form that grants exactly what is asked for. */
export function missingGrants(
  wishes: Wishes,
  allow: readonly string[],
  directory: string,
  files: boolean,
): readonly string[] {
  const grants = parseGrants(allow);
  const reads = files ? beyond(wishes.reads, grants.reads, directory) : [];
  const writes = files ? beyond(wishes.writes, grants.writes, directory) : [];
  const others = [
    ...wishes.entitlements,
    ...(wishes.agent && files ? ["ssh"] : []),
    ...(wishes.deletes ? ["buildx.local.delete"] : []),
  ];
  const has = (wish: string): boolean =>
    grants.others.has(wish) || (wish.startsWith("device=") && grants.others.has("device"));
  return [
    ...new Set(others.filter((wish) => !has(wish))),
    ...reads.map((path) => `${writes.includes(path) ? "fs" : "fs.read"}=${path}`),
    ...writes.filter((path) => !reads.includes(path)).map((path) => `fs.write=${path}`),
  ];
}

/** Errors: CLI_NOT_ALLOWED. */
export function refuseMissing(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new TsbuildError(
    "CLI_NOT_ALLOWED",
    `the build targets ask for what they were not given: ${missing.join(", ")}`,
    {
      hint: `If you trust the file that says so: ${missing.map((grant) => `--allow=${grant}`).join(" ")}`,
      details: { missing: [...missing] },
    },
  );
}
