// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { anySignal } from "#src/base/index.js";

describe("a signal of several", () => {
  it("is aborted by any of them, with its reason", () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const either = anySignal(one.signal, two.signal);
    two.abort(new Error("why"));
    assert.throws(() => {
      either.throwIfAborted();
    }, /why/);
  });

  it("may be listened to by much work at once without a warning", async () => {
    const either = anySignal(new AbortController().signal);
    const warned = once(process, "warning").then(() => true);
    for (let i = 0; i < 50; i++) either.addEventListener("abort", () => i);
    assert.equal(await Promise.race([warned, setImmediate(false)]), false);
  });
});
