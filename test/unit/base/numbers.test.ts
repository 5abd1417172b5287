// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { it } from "node:test";
import { largest } from "#src/base/index.js";

it("the largest of numbers is found, however many there are", () => {
  assert.equal(largest([], 3), 3);
  assert.equal(largest([1, 7, 5], 3), 7);
  assert.equal(
    largest(
      Array.from({ length: 1_000_000 }, (_, i) => i),
      0,
    ),
    999_999,
  );
});
