// SPDX-License-Identifier: Apache-2.0
// Every case against its golden: file system, configuration, history and layer count. And the goldens against themselves: each
// difference between what we expect and what a peer made has a reason. An ordinary user has to get what root gets.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { driverDifference } from "../support/drivers.js";
import { removeTree, workspace } from "../support/runner.js";
import { allowedDifference, covers } from "./allowed.js";
import { buildWithTsbuild, makeBases, makeCase, type BuildEnd } from "./builders.js";
import type { ConformanceCase, Peer } from "./case.js";
import { groups } from "./cases/index.js";
import { definitionOf, expectedOutcome, peerOutcome, readGoldens, type Golden } from "./golden.js";
import { differences, type Outcome } from "./outcome.js";

/** Builds at once: a build mostly waits for its own processes. */
const concurrency = 3;
const isRoot = process.getuid?.() === 0;
const peers: readonly Peer[] = ["buildkit", "buildah"];

const held = workspace();
const bases = makeBases(join(held.directory, "bases"));
after(async () => {
  await held[Symbol.asyncDispose]();
});

async function buildCase(test: ConformanceCase, directory: string): Promise<BuildEnd> {
  mkdirSync(directory, { recursive: true });
  await makeCase(directory, test);
  try {
    return await buildWithTsbuild({ directory, test, bases }, held.store);
  } finally {
    removeTree(directory);
  }
}

function goldenOf(test: ConformanceCase, goldens: Readonly<Record<string, Golden>>): Golden {
  const golden = goldens[test.name];
  assert.ok(golden !== undefined, "there is no golden: run scripts/conformance-goldens.sh");
  assert.equal(golden.definition, definitionOf(test), "the golden is of another definition");
  return golden;
}

function asOutcome(end: BuildEnd): Outcome {
  if (end.kind === "image") return end.outcome;
  assert.ok(end.code !== undefined, `the build failed without an error code:\n${end.message}`);
  return { fails: end.code };
}

for (const group of groups) {
  const { cases } = readGoldens(group.name);
  describe(`conformance: ${group.name}`, { concurrency }, () => {
    group.cases.forEach((test, i) => {
      const rootOnly = isRoot ? undefined : test.rootOnly;
      const skip = rootOnly ?? driverDifference(test.name) ?? false;
      it(test.name, { skip }, async () => {
        const expected = expectedOutcome(goldenOf(test, cases));
        const end = await buildCase(test, join(held.directory, `${group.name}-${i}`));
        const ours = asOutcome(end);
        const keys = [...differences(ours, expected).keys()];
        const shown = (outcome: Outcome): object =>
          Object.fromEntries(keys.map((key) => [key, outcome[key] ?? null]));
        assert.deepEqual(
          shown(ours),
          shown(expected),
          end.kind === "failure" ? end.message : undefined,
        );
      });
    });
  });
}

describe("conformance goldens", () => {
  for (const group of groups) {
    const { cases } = readGoldens(group.name);
    it(`of ${group.name} differ from the peers only where a reason is given`, () => {
      const open: string[] = [];
      for (const test of group.cases) {
        const golden = goldenOf(test, cases);
        const ours = expectedOutcome(golden);
        assert.equal(ours["fails"], test.fails, `${test.name}: what the case says and its golden`);
        for (const peer of peers) {
          const theirs = peerOutcome(golden, peer);
          for (const key of theirs === undefined ? [] : differences(ours, theirs).keys())
            if (allowedDifference(test, peer, key, { ours, theirs: theirs ?? {} }) === undefined)
              open.push(`${test.name} [${peer}] ${key}`);
        }
      }
      assert.deepEqual(open, []);
    });

    it(`of ${group.name} need every reason that is given`, () => {
      const idle: string[] = [];
      for (const test of group.cases)
        for (const difference of test.differs ?? []) {
          const golden = goldenOf(test, cases);
          const theirs = peerOutcome(golden, difference.peer);
          const keys = [...differences(expectedOutcome(golden), theirs ?? {}).keys()];
          if (theirs !== undefined && !keys.some((key) => covers(difference, key)))
            idle.push(`${test.name}: ${difference.peer} ${difference.what.join(" ")}`);
        }
      assert.deepEqual(idle, []);
    });
  }

  it("are of cases with different names", () => {
    for (const group of groups)
      assert.equal(
        new Set(group.cases.map(({ name }) => name)).size,
        group.cases.length,
        group.name,
      );
  });
});
