// SPDX-License-Identifier: Apache-2.0
// A little of each long test (test/stress), so that those stay in working order.

import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { compareCached } from "../stress/cache.js";
import { damageStores } from "../stress/damage.js";
import { breakStores } from "../stress/faults.js";
import { killBuilds } from "../stress/kills.js";
import { compareLayers } from "../stress/layers.js";

const umoci = spawnSync("umoci", ["--version"]).status === 0;

const log = (): void => undefined;

describe("a round of", { concurrency: 2 }, () => {
  it(
    "random trees, changed in steps, is the same to other tools",
    { skip: umoci ? false : "umoci is missing" },
    async () => {
      await compareLayers({ rounds: 5, seed: 1, log });
    },
  );
  it("faults in stores loses nothing", async () => {
    await breakStores({ rounds: 5, seed: 4, log });
  });
  it("damaged files in stores is made good", async () => {
    await damageStores({ rounds: 2, seed: 4, log });
  });
  it("killed builds leaves nothing", async () => {
    await killBuilds({ rounds: 2, seed: 4, log });
  });
  it("random builds gives the same with a cache as without", async () => {
    await compareCached({ rounds: 6, seed: 1, log });
  });
});
