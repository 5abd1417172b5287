// SPDX-License-Identifier: Apache-2.0
// What is written around the content of entries is what tar reads.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { directoryHeader, endMark, fileHeader, paddingOf } from "#src/layer/index.js";

void describe("the parts of a tar", () => {
  void it("are read by tar, with names of any length and sizes around a block", () => {
    const long = `blobs/sha512/${"f".repeat(128)}`;
    const files = [
      { name: "a".repeat(100), size: 0 },
      { name: "b".repeat(101), size: 511 },
      { name: "blobs/c", size: 512 },
      { name: long, size: 513 },
    ];
    const input = Buffer.concat([
      directoryHeader("blobs/"),
      ...files.flatMap(({ name, size }) => [
        fileHeader(name, size),
        Buffer.alloc(size, "x"),
        paddingOf(size),
      ]),
      endMark,
    ]);
    const listed = execFileSync("tar", ["-tv", "--utc", "--numeric-owner", "-f", "-"], { input })
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s+/));
    const row = (mode: string, size: number, name: string): string[] => [
      mode,
      "0/0",
      String(size),
      "1970-01-01",
      "00:00",
      name,
    ];
    assert.deepEqual(listed, [
      row("drwxr-xr-x", 0, "blobs/"),
      ...files.map(({ name, size }) => row("-rw-r--r--", size, name)),
    ]);
    assert.equal(
      execFileSync("tar", ["-xO", "-f", "-", long], { input }).toString(),
      "x".repeat(513),
    );
  });
});
