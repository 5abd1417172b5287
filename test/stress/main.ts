// SPDX-License-Identifier: Apache-2.0
// Long tests that the suite runs only a little of: `npm run stress -- NAME [--rounds N] [--seed N]`.
// The seed is printed first; a failure names it, and where its case is kept.

import { parseArgs } from "node:util";
import { compareCached } from "./cache.js";
import { crowdStore } from "./crowd.js";
import { damageStores } from "./damage.js";
import { breakStores } from "./faults.js";
import { killBuilds } from "./kills.js";
import { compareLayers } from "./layers.js";
import type { StressOptions } from "./options.js";
import { comparePeer } from "./peer.js";
import { fillDisks } from "./small-disk.js";

interface StressTest {
  readonly summary: string;
  /** Without --rounds. */
  readonly rounds: number;
  readonly run: (options: StressOptions) => Promise<void>;
}

const tests: Readonly<Record<string, StressTest>> = {
  layers: {
    summary: "trees changed in RUN steps are what other tools make of the layers",
    rounds: 1000,
    run: compareLayers,
  },
  cache: {
    summary: "builds with everything remembered give what builds from nothing give",
    rounds: 2000,
    run: compareCached,
  },
  faults: {
    summary: "one change of a store goes wrong: killed, cut in half, disk full, disk failing",
    rounds: 500,
    run: breakStores,
  },
  damage: {
    summary: "files of a store are cut, changed, emptied or gone",
    rounds: 500,
    run: damageStores,
  },
  disk: {
    summary: "stores on disks that are too small (as root)",
    rounds: 50,
    run: fillDisks,
  },
  crowd: {
    summary: "two to eight builds at once on one store, with prunes and kills beside them",
    rounds: 50,
    run: crowdStore,
  },
  peer: {
    summary: "random Dockerfiles are to BuildKit what they are here",
    rounds: 2000,
    run: comparePeer,
  },
  kills: {
    summary: "builds and helpers are killed at random moments",
    rounds: 200,
    run: killBuilds,
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, seed: { type: "string" } },
});
const [name = "", ...more] = positionals;
const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
const rounds = Number(values.rounds ?? test?.rounds);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (test === undefined || more.length > 0 || !(rounds >= 1) || !Number.isInteger(seed)) {
  console.error("usage: npm run stress -- NAME [--rounds N] [--seed N], where NAME is one of");
  for (const [known, { summary }] of Object.entries(tests))
    console.error(`  ${known.padEnd(10)} ${summary}`);
  process.exit(2);
}
console.log(`${name}: ${rounds} rounds, seed ${seed}`);
await test.run({
  rounds,
  seed,
  log: (line) => {
    console.log(line);
  },
});
console.log(`${name}: passed`);
