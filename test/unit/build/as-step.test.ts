// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { BuildEvent } from "#src/base/index.js";
import { asSlowStep } from "#src/build/as-step.js";

describe("work that mostly ends at once", () => {
  const { signal } = new AbortController();
  const heard: BuildEvent[] = [];
  const told = (): string[] =>
    heard.splice(0).map((event) => `${event.kind} ${"outcome" in event ? event.outcome : ""}`);
  const work = (milliseconds: number, act: () => Promise<void>): Promise<void> =>
    asSlowStep("work", milliseconds, (event) => heard.push(event), signal, act);

  it("is told when it takes longer, and how it ended", async () => {
    await work(1, async () => sleep(50));
    assert.deepEqual(told(), ["step-started ", "step-finished done"]);
    const fails = async (): Promise<never> => {
      await sleep(50);
      throw new Error("no");
    };
    await assert.rejects(work(1, fails), /no/);
    assert.deepEqual(told(), ["step-started ", "step-finished failed"]);
  });
  it("is not told otherwise", async () => {
    await work(60_000, () => Promise.resolve());
    await assert.rejects(
      work(60_000, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.deepEqual(told(), []);
  });
});
