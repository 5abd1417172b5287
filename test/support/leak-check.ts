// SPDX-License-Identifier: Apache-2.0
// Whether a test left something running, mounted, open or lying about. Everything tsbuild makes for a test is tied to the
// test's own directory, and that is what is looked for: other tests may run on the machine at the same time.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Something that should be gone. */
export interface Leak {
  readonly kind: "process" | "mount" | "temporary file" | "descriptor";
  readonly what: string;
}

/** A process is looked at for so long before it counts as left behind (milliseconds): its end may still be on the way. */
const grace = 1_000;

export interface LeakOptions {
  /** The test's directory; the store, TMPDIR and all else is below it. */
  readonly directory: string;
  /** Directories that must be empty (or missing) at the end. */
  readonly empty: readonly string[];
}

/** Fails when something is left. Call after the last command of a test. */
export async function assertNoLeaks(options: LeakOptions): Promise<void> {
  const deadline = Date.now() + grace;
  let leaks = findLeaks(options);
  while (leaks.length > 0 && Date.now() < deadline) {
    await sleep(50);
    leaks = findLeaks(options);
  }
  assert.deepEqual(leaks, [], "a test may leave nothing behind");
}

/** What is left now. */
export function findLeaks({ directory, empty }: LeakOptions): Leak[] {
  return [
    ...leftProcesses(directory),
    ...mountsOf("self", directory).map((what): Leak => ({ kind: "mount", what })),
    ...empty.flatMap((path) =>
      namesIn(path).map((name): Leak => ({ kind: "temporary file", what: join(path, name) })),
    ),
    ...descriptorsOf("self")
      .filter((target) => target.startsWith(`${directory}/`))
      .map((what): Leak => ({ kind: "descriptor", what })),
  ];
}

/** Processes other than this one and its ancestors that have to do with the directory in any way that /proc shows. */
function leftProcesses(directory: string): Leak[] {
  const spared = ancestry();
  const leaks: Leak[] = [];
  for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    if (spared.has(pid)) continue;
    const command = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    const touches =
      command.includes(directory) ||
      textOf(`/proc/${pid}/environ`).includes(directory) ||
      [linkOf(`/proc/${pid}/cwd`), linkOf(`/proc/${pid}/root`), ...descriptorsOf(pid)].some(
        (target) => target.startsWith(directory),
      ) ||
      mountsOf(pid, directory).length > 0;
    if (touches) leaks.push({ kind: "process", what: `${pid}: ${command}` });
  }
  return leaks;
}

function ancestry(): Set<string> {
  const pids = new Set<string>();
  for (let pid = String(process.pid); pid !== "0" && pid !== "" && !pids.has(pid);) {
    pids.add(pid);
    pid = /^PPid:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? "";
  }
  return pids;
}

function mountsOf(pid: string, directory: string): string[] {
  return textOf(`/proc/${pid}/mountinfo`)
    .split("\n")
    .filter((line) => line.includes(directory));
}

function descriptorsOf(pid: string): string[] {
  return namesIn(`/proc/${pid}/fd`).map((name) => linkOf(`/proc/${pid}/fd/${name}`));
}

// A process may end between two looks at it, and another user's may not be looked into: both read as nothing.
function quietly<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && "code" in error) return otherwise;
    throw error;
  }
}

function textOf(path: string): string {
  return quietly(() => readFileSync(path, "utf8"), "");
}

function linkOf(path: string): string {
  return quietly(() => readlinkSync(path), "");
}

function namesIn(path: string): string[] {
  return quietly(() => readdirSync(path), []);
}
