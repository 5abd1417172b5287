// SPDX-License-Identifier: Apache-2.0
// A build context that changes bit by bit, in all the ways that a cache has to notice, and in some that it may not.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "../support/random.js";

const files = ["a", "b", "e", "d/a", "d/b", "d/s/a", "d/s/deep/b"];
const directories = ["d", "d/s", "d/s/deep", "e"];
const links = ["l", "l2", "d/l"];
const ignored = [
  "a",
  "d/a",
  "**/a",
  "d",
  "!d/s",
  "!d/s/a",
  "e",
  "*",
  "!b",
  "x.tar",
  "# nothing",
  "d/*",
];

export function makeContext(random: Random, context: string): void {
  mkdirSync(context, { recursive: true });
  for (const file of files.slice(0, 2)) writeFileSync(join(context, file), file);
  mkdirSync(join(context, "d/s"), { recursive: true });
  writeFileSync(join(context, "d/a"), "d/a");
  makeArchive(context, "first");
  for (let i = 0; i < 5; i++) changeContext(random, context);
}

function makeArchive(context: string, text: string): void {
  const directory = join(dirname(context), "archived");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "from-archive"), text);
  execFileSync("tar", ["--sort=name", "-cf", join(context, "x.tar"), "-C", directory, "."]);
}

const kinds = {
  ...{ write: 8, sameSize: 6, append: 2, touch: 4, mode: 4, rename: 3, remove: 3, directory: 2 },
  ...{ symlink: 4, hardlink: 2, attribute: 2, ignore: 4, archive: 1, replace: 2 },
} as const;

/** One change; one that is not possible now is none. */
export function changeContext(random: Random, context: string): void {
  try {
    change(random, context);
    // What most Dockerfiles want is seldom missing for long.
    if (random.chance(50)) repair(random, context);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (!["ENOENT", "ENOTDIR", "EEXIST", "EISDIR", "ELOOP"].includes(String(code))) throw error;
  }
}

/** What most Dockerfiles want, nothing of it ignored. */
export function repairContext(random: Random, context: string): void {
  rmSync(join(context, ".dockerignore"), { force: true });
  repair(random, context);
}

function repair(random: Random, context: string): void {
  for (const name of ["d", "d/s"]) {
    const path = join(context, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    rmSync(path, { force: true });
    mkdirSync(path);
  }
  for (const name of ["a", "b", "d/a", "d/s/a"]) {
    const path = join(context, name);
    if (existsSync(path)) continue;
    rmSync(path, { force: true }); // a link that leads nowhere
    writeFileSync(path, String(random.below(3)));
  }
}

/** Whether the directory of a path is one of the context: links lead out of it. */
function isWithin(context: string, path: string): boolean {
  const parent = realpathSync(dirname(path));
  return parent === context || parent.startsWith(`${context}/`);
}

function change(random: Random, context: string): void {
  const pick = (from: readonly string[]): string => join(context, random.pick(from));
  const path = random.chance(50) ? pick(files) : pick([...files, ...directories, ...links]);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!isWithin(context, dirname(path))) return;
  mkdirSync(dirname(path), { recursive: true });
  if (!isWithin(context, path)) return;
  const text = (): string => `${"x".repeat(random.below(3))}${random.below(4)}\n`;
  switch (random.weighted(kinds)) {
    case "write":
      if (there === undefined || there.isFile()) writeFileSync(path, text());
      return;
    case "sameSize": // within the clock's grain, and with the old time put back: what a cache by time would miss
      if (there?.isFile() !== true) return;
      writeFileSync(path, String(random.below(4)).repeat(there.size));
      if (random.chance(50)) utimesSync(path, there.atime, there.mtime);
      return;
    case "append":
      if (there?.isFile() === true) appendFileSync(path, text());
      return;
    case "touch":
      if (there !== undefined) lutimesSync(path, random.below(2e9), random.below(2e9));
      return;
    case "mode":
      if (there !== undefined && !there.isSymbolicLink())
        chmodSync(
          path,
          random.pick(there.isDirectory() ? [0o755, 0o700, 0o1777] : [0o644, 0o755, 0o600, 0o4755]),
        );
      return;
    case "rename": {
      const to = pick([...files, ...links]);
      if (to.startsWith(`${path}/`) || !isWithin(context, to) || existsSync(to)) return;
      renameSync(path, to);
      return;
    }
    case "remove":
      rmSync(path, { recursive: true, force: true });
      return;
    case "directory":
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      return;
    case "symlink":
      rmSync(path, { recursive: true, force: true });
      symlinkSync(random.pick(["a", "b", "d", "d/a", "s", "../a", "missing", "/etc"]), path);
      return;
    case "hardlink": {
      const target = pick(files);
      if (!lstatSync(target).isFile() || !isWithin(context, target)) return;
      if (target === path || target.startsWith(`${path}/`)) return;
      rmSync(path, { recursive: true, force: true });
      linkSync(target, path);
      return;
    }
    case "attribute":
      if (there?.isFile() === true)
        execFileSync("setfattr", ["-n", "user.a", "-v", String(random.below(3)), path]);
      return;
    case "ignore": {
      const lines = Array.from({ length: random.below(3) }, () => random.pick(ignored));
      writeFileSync(join(context, ".dockerignore"), lines.map((line) => `${line}\n`).join(""));
      return;
    }
    case "archive":
      makeArchive(context, text());
      return;
    case "replace": // another file under the same name, as editors do
      if (there?.isFile() !== true) return;
      writeFileSync(`${path}.new`, text());
      renameSync(`${path}.new`, path);
  }
}
