// SPDX-License-Identifier: Apache-2.0
// Differential test of the Dockerfile language: random Dockerfiles, contexts and flags are built here and by BuildKit, and what
// differs is made small and shown. BuildKit is `docker buildx`, or what TSBUILD_CONFORMANCE_BUILDX says.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBases, peerCommand } from "../conformance/builders.js";
import { Random } from "../support/random.js";
import { workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { canSplit, dockerfileOf, type PeerCase } from "./peer/case.js";
import { PeerComparison, type Comparison, type PeerDifference } from "./peer/compare.js";
import { randomCase } from "./peer/grammars.js";
import { shrink } from "./peer/shrink.js";

/** Groups of cases at once, and cases of a group, which the peer gets together. */
const concurrency = 2;
const casesTogether = 10;

export async function comparePeer({ rounds, seed, log }: StressOptions): Promise<void> {
  const command = peerCommand("buildkit");
  assert.ok(command !== undefined, "docker buildx is missing");
  await using held = workspace();
  const comparison = new PeerComparison({
    command,
    bases: makeBases(join(held.directory, "bases")),
    directory: held.directory,
    store: held.store,
  });
  const found: PeerDifference[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < rounds) {
      const first = next;
      next = Math.min(first + casesTogether, rounds);
      for (const difference of await differencesOf(comparison, seed + first, next - first)) {
        if (found.some(({ signature }) => signature === difference.signature)) continue;
        found.push(difference);
        log(`== ${found.length}: ${shown(difference)}`);
      }
      log(`${next} of ${rounds} rounds: ${comparison.summary()}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  log([comparison.summary(), ...comparison.refused()].join("\n"));
  if (found.length === 0) return;
  const kept = mkdtempSync(join(tmpdir(), "tsbuild-peer-case-"));
  writeFileSync(join(kept, "cases.json"), JSON.stringify(found, undefined, 1));
  throw new Error(`${found.length} differences (kept in ${kept})`);
}

/** Those of so many cases. Each has a seed of its own, with which one round repeats it. */
async function differencesOf(
  comparison: PeerComparison,
  seed: number,
  count: number,
): Promise<PeerDifference[]> {
  const cases = Array.from({ length: count }, (_, i) => randomCase(new Random(seed + i)));
  const results = await comparison.compareAll(cases);
  const found: PeerDifference[] = [];
  for (const [i, test] of cases.entries())
    for (const difference of await examine(comparison, test, results[i]))
      found.push({ ...difference, lines: [`--rounds 1 --seed ${seed + i}`, ...difference.lines] });
  return found;
}

/** The differences of a case, as small as they can be made. Cases of many pieces that stand alone are taken apart first. */
async function examine(
  comparison: PeerComparison,
  test: PeerCase,
  found: Comparison,
): Promise<PeerDifference[]> {
  if (found === "both fail" && canSplit(test)) {
    const halves: PeerDifference[] = [];
    for (const half of split(test))
      halves.push(...(await examine(comparison, half, await comparison.compare(half))));
    return halves;
  }
  if (found === "both fail" || found === undefined) return [];
  return [await shrink(comparison, found)];
}

function split(test: PeerCase): PeerCase[] {
  const { head = 0 } = test;
  const middle = head + Math.ceil((test.pieces.length - head) / 2);
  const start = test.pieces.slice(0, head);
  return [
    { ...test, pieces: test.pieces.slice(0, middle) },
    { ...test, pieces: [...start, ...test.pieces.slice(middle)] },
  ];
}

function shown({ test, lines }: PeerDifference): string {
  const context = Object.entries(test.context).map(
    ([name, node]) => `${name}: ${JSON.stringify(node)}`,
  );
  return [
    "a difference",
    dockerfileOf(test).replace(/\r/g, "␍").replace(/\t/g, "␉"),
    ...(test.args.length > 0 ? [`args: ${test.args.join(" ")}`] : []),
    ...(context.length > 0 ? [`context: ${context.join(", ")}`] : []),
    ...lines,
  ].join("\n");
}
