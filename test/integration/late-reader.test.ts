// SPDX-License-Identifier: Apache-2.0
// A layer's bytes are read when the store is ready for them, which may be long after the helper has written them all.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { writable } from "../support/layers.js";
import { sandboxFixture } from "../support/sandbox.js";
import { makeTree } from "../support/tree.js";

describe("a diff that is read after the helper has ended", () => {
  it("is whole", async () => {
    await using box = sandboxFixture();
    makeTree(box.layer("late"), { file: "content of the file" });
    const signal = AbortSignal.timeout(20_000);
    const { stream, done } = box.sandbox.diff({ root: writable("late"), mode: "layer" }, signal);
    // Far more than the helper needs for one file.
    await sleep(500);
    const parts: Buffer[] = [];
    for await (const chunk of stream) parts.push(chunk as Buffer);
    await done;
    const tar = Buffer.concat(parts);
    assert.equal(tar.length % 512, 0);
    assert.ok(tar.includes("content of the file"));
  });
});
