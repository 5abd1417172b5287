// SPDX-License-Identifier: Apache-2.0
// File names that are not UTF-8, there and back.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOfName, compareNames, nameOfBytes } from "#src/base/index.js";

describe("names of bytes", () => {
  for (const [hex, name] of [
    ["61", "a"],
    ["c3a9", "é"],
    ["ff", "\udcff"],
    ["61ff62", "a\udcffb"],
    ["c3", "\udcc3"],
    ["c3a9c3", "é\udcc3"],
    ["c080", "\udcc0\udc80"],
    ["e0809f", "\udce0\udc80\udc9f"],
    ["eda080", "\udced\udca0\udc80"],
    ["f09f9880", "😀"],
    ["f09f98", "\udcf0\udc9f\udc98"],
    ["f4908080", "\udcf4\udc90\udc80\udc80"],
    ["efbfbd", "\ufffd"],
    ["efbfbdff", "\ufffd\udcff"],
  ] as const)
    it(`keeps ${hex}`, () => {
      const bytes = Buffer.from(hex, "hex");
      assert.equal(nameOfBytes(bytes), name);
      assert.deepEqual(bytesOfName(name), bytes);
    });

  it("keeps every pair of bytes", () => {
    for (let first = 1; first < 256; first++)
      for (let second = 1; second < 256; second++) {
        const bytes = Buffer.of(first, second);
        assert.ok(bytesOfName(nameOfBytes(bytes)).equals(bytes), bytes.toString("hex"));
      }
  });
  it("reads a part of a buffer", () => {
    assert.equal(nameOfBytes(Buffer.from("abcé"), 1, 3), "bc");
    assert.equal(nameOfBytes(Buffer.from("abcé"), 3, 4), "\udcc3");
  });
  it("orders by bytes, not by characters", () => {
    const names = ["\u{10000}", "\uffee", "\udcff", "a", "é"];
    assert.deepEqual(
      [...names].sort(compareNames).map((name) => bytesOfName(name).toString("hex")),
      names.map((name) => bytesOfName(name).toString("hex")).sort(),
    );
  });
});
