// SPDX-License-Identifier: Apache-2.0
// Build checks at the command line: what they find is told, whether or not the build gets as far as its first step.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

/** The planner finds the first, and then fails; the second is known from the text alone. */
const dockerfile = "ARG TAG\nFROM busybox:$TAG AS Upper\n";
const rules = ["InvalidDefaultArgInFrom", "StageNameCasing"];

describe("a Dockerfile whose planning fails", () => {
  for (const flags of [["--check"], []])
    it(`is told of what checks found before that, with ${JSON.stringify(flags)}`, async () => {
      await using space = workspace();
      makeTree(join(space.directory, "context"), { Dockerfile: dockerfile });
      const { code, stdout, stderr } = await space.tsbuild(["build", ...flags, "context"]);
      assert.equal(code, 1);
      const told = [...(stdout + stderr).matchAll(/^WARNING: (\w+)/gm)].map(([, rule]) => rule);
      assert.deepEqual(told, rules);
      assert.match(stdout + stderr, /^ERROR: .*the tag is empty/m);
    });
});
