// SPDX-License-Identifier: Apache-2.0
// What an image keeps of its base.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { historyOfBase } from "#src/build/assemble.js";

describe("the history of a base", () => {
  const one = { created_by: "one" };
  const two = { created_by: "two" };
  const empty = { created_by: "none", empty_layer: true };
  const more = { comment: "layer of the base image" };
  for (const [entries, layers, expected] of [
    [[one, empty, two], 2, [one, empty, two]],
    [[one, empty], 2, [one, empty, more]],
    [[], 1, [more]],
    [[one, two], 1, [one, { ...two, empty_layer: true }]],
    [[one, empty], 0, [{ ...one, empty_layer: true }, empty]],
  ] as const)
    it(`of ${entries.length} entries has as many with a layer as there are layers: ${layers}`, () => {
      assert.deepEqual(historyOfBase(entries, layers), expected);
    });
});
