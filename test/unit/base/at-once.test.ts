// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "node:test";
import { eachAtOnce } from "#src/base/index.js";

describe("work a few at a time", () => {
  it("takes an item only when there is room for it", async () => {
    let taken = 0;
    let most = 0;
    const done: number[] = [];
    const items = (async function* () {
      for (let i = 0; i < 9; i++) {
        taken++;
        await sleep(1);
        yield i;
      }
    })();
    await eachAtOnce(items, 3, undefined, async (item) => {
      most = Math.max(most, taken - done.length);
      await sleep(5);
      done.push(item);
    });
    assert.deepEqual(done.sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.ok(most <= 6, `${most} at a time`);
  });

  it("ends with the first failure, when all have ended and the source is closed", async () => {
    let running = 0;
    let closed = false;
    const items = (function* () {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed = true;
      }
    })();
    await assert.rejects(
      eachAtOnce(items, 4, undefined, async (item, signal) => {
        running++;
        if (item === 5) {
          running--;
          throw new Error("five");
        }
        await sleep(20, undefined, { signal }).catch(() => undefined);
        running--;
      }),
      /five/,
    );
    assert.equal(running, 0);
    assert.equal(closed, true);
  });

  it("ends with the signal's reason", async () => {
    const abort = new AbortController();
    const work = eachAtOnce([1, 2, 3], 1, abort.signal, async (_item, signal) => {
      abort.abort(new Error("enough"));
      await sleep(1000, undefined, { signal });
    });
    await assert.rejects(work, /enough/);
  });
});
