// SPDX-License-Identifier: Apache-2.0
// Differential test of the cache: Dockerfile, context and arguments change at random, and after each change a build with
// everything that was remembered gives the file system and configuration of one that remembers nothing.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTsbuildError } from "#src/base/index.js";
import { flattenLayout, type FlatEntry, type FlatImage } from "../conformance/flatten.js";
import { buildByLibrary } from "../conformance/tsbuild.js";
import { Random } from "../support/random.js";
import { baseContexts, workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { changeContext, makeContext, repairContext } from "./random-context.js";
import { changeStages, dockerfileOf, randomStages, type Stages } from "./random-dockerfile.js";

/** After so many rounds everything begins anew: another Dockerfile, another context, empty stores. */
const roundsPerStart = 50;

export async function compareCached(options: StressOptions): Promise<void> {
  const { rounds, seed, log } = options;
  const random = new Random(seed);
  const counts = { built: 0, failed: 0 };
  for (let done = 0; done < rounds; done += roundsPerStart) {
    const now = Math.min(roundsPerStart, rounds - done);
    await oneStart(random.fork(), now, `seed ${seed}, from round ${done}`, counts);
    log(`${done + now} of ${rounds} rounds: ${counts.built} built, ${counts.failed} refused`);
  }
  assert.ok(counts.built > counts.failed, "most of the Dockerfiles can be built");
}

interface State {
  readonly directory: string;
  stages: Stages;
  args: Readonly<Record<string, string>>;
}

async function oneStart(
  random: Random,
  rounds: number,
  where: string,
  counts: { built: number; failed: number },
): Promise<void> {
  await using held = workspace();
  const context = join(held.directory, "context");
  const state: State = { directory: held.directory, stages: randomStages(random), args: {} };
  makeContext(random, context);
  let working: Stages = [["COPY . /t"]];
  let refused = false;
  for (let round = 0; round < rounds; round++) {
    for (let changes = 1 + random.below(3); changes > 0; changes--) change(random, state, context);
    // A build that is refused teaches little: back to one that was not.
    if (refused) {
      state.stages = structuredClone(working);
      repairContext(random, context);
    }
    writeFileSync(join(context, "Dockerfile"), dockerfileOf(state.stages));
    const cached = await outcome(state, join(held.directory, "store"), false);
    const fresh = await outcome(state, join(held.directory, "fresh"), true);
    counts["error" in fresh ? "failed" : "built"]++;
    try {
      assert.deepEqual(cached, fresh);
    } catch (error) {
      const kept = mkdtempSync(join(tmpdir(), "tsbuild-cache-case-"));
      cpSync(context, join(kept, "context"), { recursive: true, verbatimSymlinks: true });
      writeFileSync(join(kept, "args.json"), JSON.stringify(state.args));
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${where}, after ${round} (kept in ${kept}): the cache is wrong: ${what}`);
    }
    refused = "error" in fresh;
    if (!refused) working = structuredClone(state.stages);
    else if (random.chance(30)) working = randomStages(random);
  }
}

function change(random: Random, state: State, context: string): void {
  switch (random.weighted({ context: 6, dockerfile: 3, argument: 2 })) {
    case "context":
      changeContext(random, context);
      return;
    case "dockerfile":
      changeStages(random, state.stages);
      return;
    case "argument":
      state.args = Object.fromEntries(
        ["A", "B", "E0"].flatMap((name) =>
          random.chance(50) ? [[name, String(random.below(3))]] : [],
        ),
      );
  }
}

type Outcome = { readonly error: string } | { readonly tree: unknown; readonly image: unknown };

async function outcome(state: State, storeRoot: string, fresh: boolean): Promise<Outcome> {
  const layout = mkdtempSync(join(state.directory, "layout-"));
  try {
    await buildByLibrary({
      args: [
        ...baseContexts("busybox"),
        ...Object.entries(state.args).map(([name, value]) => `--build-arg=${name}=${value}`),
        ...["--network=none", ...(fresh ? ["--no-cache"] : [])],
      ],
      directory: state.directory,
      storeRoot,
      env: { ...process.env, TSBUILD_ROOT: storeRoot },
      output: `type=oci,tar=false,dest=${layout}`,
    });
  } catch (error) {
    if (isTsbuildError(error)) return { error: `${error.code} ${error.message}` };
    throw error;
  }
  const image = await flattenLayout(layout);
  rmSync(layout, { recursive: true });
  const { config, author } = image;
  // Neither times nor layers' digests, which hold times.
  const history = image.history.map(({ created_by, empty_layer }) => ({ created_by, empty_layer }));
  return { tree: treeWithLinks(image), image: { config, author, history } };
}

/** All of the tree but times, which no key holds; names of one file say so. */
function treeWithLinks({ tree }: FlatImage): Record<string, unknown> {
  const first = new Map<FlatEntry, string>();
  return Object.fromEntries(
    [...tree]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, entry]) => {
        const linkOf = first.get(entry);
        if (linkOf === undefined) first.set(entry, path);
        return [path, { ...entry, mtime: undefined, linkOf }];
      }),
  );
}
