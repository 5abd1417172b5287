// SPDX-License-Identifier: Apache-2.0
// Two to eight builds at once on one store, with prunes and now and then a kill beside them: every build that ends well gives what
// it gives alone, and the store is in order when all are done.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../support/random.js";
import { workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { assertSound, contentsOf, keepCase, on, Victim, type Contents } from "./victim.js";

export async function crowdStore({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  await using held = workspace();
  const victim = new Victim(held);
  const store = join(held.directory, "store");
  const expected = new Map<string, Contents>();
  for (const which of ["0", "1", "2"])
    expected.set(which, await victim.contents(join(held.directory, "alone"), which));
  for (let round = 0; round < rounds; round++) {
    const builds = Array.from({ length: 2 + random.below(7) }, (_, i) => ({
      which: String(random.below(3)),
      killed: random.chance(20),
      noCache: random.chance(20),
      after: random.below(600),
      layout: join(held.directory, `layout-${round}-${i}`),
    }));
    const notes = { seed, round, builds };
    try {
      const running = { yes: true };
      const building = Promise.all(builds.map(one)).finally(() => (running.yes = false));
      await Promise.all([building, prune()]);
      for (const { which, killed, layout } of builds)
        if (!killed) assert.deepEqual(await contentsOf(layout), expected.get(which));
      await assertSound(held, store, ...builds.flatMap((b, i) => (b.killed ? [] : [nameOf(i)])));

      async function prune(): Promise<void> {
        while (running.yes) {
          await held.succeed(["prune", "--force", "--all"], on(store));
          await sleep(100);
        }
      }
    } catch (error) {
      throw new Error(`${JSON.stringify(notes)} (kept in ${keepCase(store, notes)})`, {
        cause: error,
      });
    }
    log(`${round + 1} of ${rounds} rounds: ${builds.length} builds`);
  }

  async function one(
    build: { which: string; killed: boolean; noCache: boolean; after: number; layout: string },
    i: number,
  ): Promise<void> {
    mkdirSync(build.layout);
    const flags = [
      ...["-o", `type=oci,tar=false,dest=${build.layout}`, "-o", `type=image,name=${nameOf(i)}`],
      ...(build.noCache ? ["--no-cache"] : []),
    ];
    await sleep(build.after);
    const args = victim.args(build.which, ...flags);
    if (!build.killed) {
      await held.succeed(args, on(store));
      return;
    }
    await held.tsbuild(args, {
      ...on(store),
      onStart: (child) => void sleep(build.after * 2).then(() => child.kill("SIGKILL")),
    });
  }
}

function nameOf(i: number): string {
  return `docker.io/library/crowd${i}:1`;
}
