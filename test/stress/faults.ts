// SPDX-License-Identifier: Apache-2.0
// Builds and prunes of which one change of the store goes wrong: the process is killed before it or in the middle of it, the
// disk is full from there on, or the disk fails once. Whatever happens is told clearly, nothing that was named is lost, and
// the next build is right.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../support/random.js";
import { repository, workspace, type RunResult, type Workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import {
  assertClearFailure,
  assertSound,
  contentsOf,
  copyStore,
  keepCase,
  on,
  removeStore,
  Victim,
  type Contents,
} from "./victim.js";

const keptName = "docker.io/library/keep:1";
const kinds = ["kill", "half", "full", "error"] as const;

/** What is done while the fault happens. */
const scenes = {
  /** A first build, in a store that is not there yet. */
  cold: (victim: Victim, layout: string) =>
    victim.args("1", "-o", `type=oci,tar=false,dest=${layout}`, "-t", "x:1"),
  /** A build of which some is cached, which names another image. */
  warm: (victim: Victim, layout: string) =>
    victim.args("2", "-o", `type=oci,tar=false,dest=${layout}`, "-t", "x:1"),
  /** Everything but the named image goes. */
  prune: () => ["prune", "--all", "--force"],
} as const;
type Scene = keyof typeof scenes;

export async function breakStores({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  await using held = workspace();
  const victim = new Victim(held);
  const library = compileLibrary(held.directory);
  const template = join(held.directory, "template");
  const expected: Readonly<Record<Scene, Contents>> = await prepare(held, victim, template);
  const counts = new Map<Scene, number>();
  const outcomes = { fine: 0, failed: 0, killed: 0 };
  for (let round = 0; round < rounds; round++) {
    const scene = random.pick(Object.keys(scenes) as Scene[]);
    const kind = random.pick(kinds);
    const store = mkdtempSync(join(held.directory, "store-"));
    removeStore(store);
    if (scene !== "cold") copyStore(template, store);
    const total = counts.get(scene);
    // The first run of a scene only counts.
    const at = total === undefined ? 0 : 1 + random.below(total);
    const notes = { seed, round, scene, kind, at };
    try {
      const layout = join(held.directory, `layout-${round}`);
      mkdirSync(layout);
      const countFile = join(held.directory, "count");
      const fault = {
        FAULT_ROOT: store,
        FAULT_KIND: kind,
        FAULT_AT: String(at),
        FAULT_COUNT: countFile,
      };
      const result = await held.tsbuild(
        scenes[scene](victim, layout),
        on(store, { ...fault, LD_PRELOAD: library }),
      );
      if (at === 0) counts.set(scene, Number(readFileSync(countFile, "utf8")));
      outcomes[judge(result, kind)]++;
      if (result.code === 0 && scene !== "prune")
        assert.deepEqual(await contentsOf(layout), expected[scene]);
      const which = scene === "cold" ? "1" : "2";
      assert.deepEqual(await victim.contents(store, which), expected[scene], "the next build");
      await assertSound(held, store, ...(scene === "cold" ? [] : [keptName]));
    } catch (error) {
      const kept = keepCase(store, notes);
      throw new Error(`${JSON.stringify(notes)} (kept in ${kept})`, { cause: error });
    }
    removeStore(store);
    if ((round + 1) % 20 === 0)
      log(`${round + 1} of ${rounds} rounds: ${JSON.stringify(outcomes)}`);
  }
  assert.ok(rounds < 30 || outcomes.killed > 0, "faults happen");
}

function judge(result: RunResult, kind: (typeof kinds)[number]): "fine" | "failed" | "killed" {
  if (result.code === 0) return "fine";
  if (kind === "kill" || kind === "half") {
    assert.equal(result.signal, "SIGKILL", result.stderr);
    return "killed";
  }
  assertClearFailure(result);
  return "failed";
}

async function prepare(
  held: Workspace,
  victim: Victim,
  template: string,
): Promise<Record<Scene, Contents>> {
  await held.succeed(victim.args("1", "-t", "keep:1"), on(template));
  const reference = join(held.directory, "reference");
  const cold = await victim.contents(reference, "1");
  const warm = await victim.contents(reference, "2", "--no-cache");
  return { cold, warm, prune: warm };
}

function compileLibrary(directory: string): string {
  const library = join(directory, "fault-point.so");
  const source = join(repository, "test/stress/fault-point.c");
  execFileSync("cc", [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-O1",
    "-shared",
    "-fPIC",
    "-o",
    library,
    source,
    "-ldl",
  ]);
  return library;
}
