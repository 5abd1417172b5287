// SPDX-License-Identifier: Apache-2.0
// Builds that are killed at random moments, and sometimes their helpers instead. After the next command nothing is left of
// them: no process, no mount, no control group, no scratch; and the next build is right.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findLeaks } from "../support/leak-check.js";
import { Random } from "../support/random.js";
import { workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { assertSound, keepCase, on, Victim } from "./victim.js";

export async function killBuilds({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  await using held = workspace();
  const victim = new Victim(held);
  const store = join(held.directory, "store");
  const begun = performance.now();
  const expected = await victim.contents(store, "0");
  // Kills are spread over the time that a build takes here and now: later ones find more in the cache.
  const time = performance.now() - begun;
  const counts = { killed: 0, helpers: 0, over: 0 };
  for (let round = 0; round < rounds; round++) {
    const which = String(1 + random.below(1000));
    const delay = random.below(time * 0.7);
    const helpersOnly = random.chance(25);
    const notes = { seed, round, which, delay, helpersOnly };
    try {
      const result = await held.tsbuild(victim.args(which, "-t", "x:1"), {
        ...on(store),
        onStart: (child) => void killLater(child, delay, helpersOnly),
      });
      if (helpersOnly && result.code !== 0) {
        assert.equal(result.signal, null, "a helper's death is an error, and no crash");
        assert.match(result.stderr, /^ERROR: /m);
      }
      counts[result.code === 0 ? "over" : helpersOnly ? "helpers" : "killed"]++;
      if (round % 5 === 0)
        assert.deepEqual(await victim.contents(store, "0"), expected, "the next build");
      await assertSound(held, store);
      await assertNothingLeft(held.directory, store);
    } catch (error) {
      throw new Error(`${JSON.stringify(notes)} (kept in ${keepCase(store, notes)})`, {
        cause: error,
      });
    }
    // The store is not to grow without end.
    if (round % 25 === 24) await held.succeed(["prune", "--all", "--force"], on(store));
    if ((round + 1) % 20 === 0) log(`${round + 1} of ${rounds} rounds: ${JSON.stringify(counts)}`);
  }
}

async function killLater(child: ChildProcess, delay: number, helpersOnly: boolean): Promise<void> {
  await sleep(delay);
  if (child.exitCode !== null || child.pid === undefined) return;
  if (!helpersOnly) {
    child.kill("SIGKILL");
    return;
  }
  for (const pid of descendants(child.pid).filter(isHelper))
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // It may have ended by itself.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
}

function descendants(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parentOf(pid: string): number | undefined {
  return Number(/^PPid:\s*(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1]);
}

function isHelper(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes("tsbuild-helper");
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended
  }
}

async function assertNothingLeft(directory: string, store: string): Promise<void> {
  const look = (): unknown[] => [
    ...findLeaks({ directory, empty: [join(directory, "tmp"), join(store, "tmp")] }),
    ...controlGroups(),
  ];
  // The end of a process may still be on the way.
  for (let tries = 0; look().length > 0 && tries < 40; tries++) await sleep(50);
  assert.deepEqual(look(), []);
}

/** Groups of builders that live no more. */
function controlGroups(): string[] {
  const below = (directory: string, depth: number): string[] =>
    readdirOf(directory).flatMap((name) => {
      const path = join(directory, name);
      const pid = /^tsbuild-(\d+)-\d+$/.exec(name)?.[1];
      if (pid !== undefined && textOf(`/proc/${pid}/status`) === "") return [path];
      return depth > 0 ? below(path, depth - 1) : [];
    });
  return below("/sys/fs/cgroup", 3);
}

function readdirOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // it went
  }
}
