// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDuration, parseDuration } from "#src/base/index.js";

describe("durations in Go's notation", () => {
  const rows: readonly (readonly [nanoseconds: number, text: string])[] = [
    [0, "0s"],
    [1, "1ns"],
    [1500, "1.5\u00b5s"],
    [1_500_000, "1.5ms"],
    [100_000_000, "100ms"],
    [1_500_000_000, "1.5s"],
    [60_000_000_000, "1m0s"],
    [90_500_000_000, "1m30.5s"],
    [3_600_000_000_000, "1h0m0s"],
    [-5_430_000_000_000, "-1h30m30s"],
  ];
  for (const [nanoseconds, text] of rows)
    it(`are printed, and read again: ${text}`, () => {
      assert.equal(formatDuration(nanoseconds), text);
      assert.equal(parseDuration(text), nanoseconds);
    });
});
