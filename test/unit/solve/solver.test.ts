// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TsbuildError, type BuildEvent } from "#src/base/index.js";
import {
  Solver,
  type CacheStore,
  type Graph,
  type ImportedResults,
  type Result,
  type Step,
  type Vertex,
} from "#src/solve/index.js";
import { MemoryCache } from "../../support/memory-cache.js";

interface Lab {
  readonly ran: string[];
  readonly events: BuildEvent[];
  readonly solve: (target: string, options?: { readonly signal?: AbortSignal }) => Promise<Result>;
}

/** `run` gives the result of a vertex; `content` makes the step known by what its inputs hold. */
function lab(
  graph: Graph,
  cache: CacheStore,
  behaviour: {
    readonly run?: (
      vertex: Vertex,
      inputs: readonly Result[],
      signal: AbortSignal,
    ) => Promise<Result>;
    /** Throws where the inputs do not hold what a step wants. */
    readonly content?: (vertex: Vertex) => void;
    readonly usable?: (result: Result) => boolean;
    readonly now?: number;
    readonly imported?: ImportedResults;
  } = {},
): Lab {
  const ran: string[] = [];
  const events: BuildEvent[] = [];
  const step: Step = {
    resource: "exec",
    define: ({ op }) => Promise.resolve({ op }),
    content: async (v, inputs) => {
      behaviour.content?.(v);
      return Promise.resolve({ op: v.op, inputs });
    },
    run: async (vertex, inputs, { signal }) => {
      ran.push(vertex.id);
      return behaviour.run === undefined
        ? `${vertex.id}(${inputs.map(String).join(",")})`
        : behaviour.run(vertex, inputs, signal);
    },
    usable: (result) => Promise.resolve(behaviour.usable?.(result) ?? true),
  };
  return {
    ran,
    events,
    solve: (target, options) =>
      new Solver({
        graph,
        steps: { work: step },
        cache,
        limits: { exec: 4, disk: 4, network: 4 },
        clock: () => behaviour.now ?? 0,
        ...(behaviour.imported === undefined ? {} : { imported: behaviour.imported }),
        events: (event) => {
          events.push(event);
        },
        signal: options?.signal ?? new AbortController().signal,
      }).solve(target),
  };
}

function vertex(
  id: string,
  inputs: readonly string[],
  op: string = id,
  noCache = false,
): [string, Vertex] {
  return [id, { id, kind: "work", inputs, op, step: { id, name: id }, noCache }];
}

const diamond: Graph = new Map([
  vertex("base", []),
  vertex("left", ["base"]),
  vertex("right", ["base"]),
  vertex("top", ["left", "right"]),
]);

describe("Solver", () => {
  it("runs each vertex once, inputs first", async () => {
    const { solve, ran } = lab(diamond, new MemoryCache());
    assert.equal(await solve("top"), "top(left(base()),right(base()))");
    assert.deepEqual([...ran].sort(), ["base", "left", "right", "top"]);
    assert.equal(ran[0], "base");
    assert.equal(ran[3], "top");
  });

  it("does not touch what the target does not need", async () => {
    const { solve, ran } = lab(diamond, new MemoryCache());
    await solve("left");
    assert.deepEqual(ran, ["base", "left"]);
  });

  it("runs nothing the second time and shows every step as cached, inputs first", async () => {
    const cache = new MemoryCache();
    await lab(diamond, cache).solve("top");
    const second = lab(diamond, cache);
    assert.equal(await second.solve("top"), "top(left(base()),right(base()))");
    assert.deepEqual(second.ran, []);
    const shown = second.events.flatMap((event) =>
      event.kind === "step-finished" ? [[event.step.id, event.outcome]] : [],
    );
    assert.deepEqual(shown, [
      ["base", "cached"],
      ["left", "cached"],
      ["right", "cached"],
      ["top", "cached"],
    ]);
  });

  it("re-runs a changed vertex and its readers, but not its inputs", async () => {
    const cache = new MemoryCache();
    await lab(diamond, cache).solve("top");
    const changed = new Map([...diamond, vertex("left", ["base"], "left, changed")]);
    const second = lab(changed, cache, { run: (v) => Promise.resolve(`new ${v.id}`) });
    await second.solve("top");
    assert.deepEqual(second.ran, ["left", "top"]);
  });

  it("stops early when a rebuilt input yields the same content", async () => {
    const cache = new MemoryCache();
    const same = (v: Vertex): Promise<Result> => Promise.resolve(`content of ${v.id}`);
    await lab(diamond, cache, { run: same }).solve("top");
    const changed = new Map([...diamond, vertex("left", ["base"], "left, changed")]);
    const second = lab(changed, cache, { run: same });
    await second.solve("top");
    assert.deepEqual(second.ran, ["left"]);
  });

  it("runs again what is too old, and what stands on it, however young that is", async () => {
    const cache = new MemoryCache();
    await lab(diamond, cache, { now: 0 }).solve("right");
    await lab(diamond, cache, { now: 100 }).solve("top");
    const aged: Graph = new Map([...diamond].map(([id, one]) => [id, { ...one, maxAge: 50 }]));
    // Of `base` and `right`, made at 0, and the others, made at 100.
    const run = (v: Vertex): Promise<Result> => Promise.resolve(`new ${v.id}`);
    const second = lab(aged, cache, { now: 120, run });
    await second.solve("top");
    assert.deepEqual([...second.ran].sort(), ["base", "left", "right", "top"]);
    const third = lab(aged, cache, { now: 121, run });
    await third.solve("top");
    assert.deepEqual(third.ran, []);
    // Without a limit everything counts.
    const free = lab(diamond, cache, { now: 10_000 });
    await free.solve("top");
    assert.deepEqual(free.ran, []);
  });

  it("spares what stands on something that was too old and comes out the same", async () => {
    const cache = new MemoryCache();
    const run = (v: Vertex): Promise<Result> => Promise.resolve(`content of ${v.id}`);
    await lab(diamond, cache, { now: 0, run }).solve("base");
    await lab(diamond, cache, { now: 100, run }).solve("top");
    const aged: Graph = new Map([...diamond].map(([id, one]) => [id, { ...one, maxAge: 50 }]));
    const second = lab(aged, cache, { now: 120, run });
    await second.solve("top");
    assert.deepEqual(second.ran, ["base"]);
  });

  it("judges what others made by when they made it, and goes on to know that", async () => {
    const single = (maxAge: number): Graph =>
      new Map([["top", { ...vertex("top", [])[1], maxAge }]]);
    const imported = (createdAt: number | undefined): ImportedResults => ({
      createdAt: () => Promise.resolve(createdAt),
      get: () => Promise.resolve("of another machine"),
    });
    const cache = new MemoryCache();
    const young = lab(single(50), cache, { now: 100, imported: imported(60) });
    assert.equal(await young.solve("top"), "of another machine");
    const old = lab(single(30), cache, { now: 100, imported: imported(undefined) });
    assert.equal(await old.solve("top"), "top()");
    const other = new MemoryCache();
    const stale = lab(single(30), other, { now: 100, imported: imported(60) });
    assert.equal(await stale.solve("top"), "top()");
    const undated = lab(single(30), new MemoryCache(), { now: 100, imported: imported(undefined) });
    assert.equal(await undated.solve("top"), "of another machine");
  });

  it("runs again what is no longer usable", async () => {
    const cache = new MemoryCache();
    await lab(diamond, cache).solve("top");
    const second = lab(diamond, cache, {
      usable: (result) => result !== "top(left(base()),right(base()))",
    });
    await second.solve("top");
    assert.deepEqual(second.ran, ["top"]);
  });

  it("ignores the cache for a vertex that asks for it, and records its result", async () => {
    const cache = new MemoryCache();
    await lab(diamond, cache).solve("top");
    const fresh = new Map([...diamond, vertex("left", ["base"], "left", true)]);
    const second = lab(fresh, cache);
    await second.solve("top");
    // The same content again: its readers need not run.
    assert.deepEqual(second.ran, ["left"]);
    const third = lab(fresh, cache, { run: (v) => Promise.resolve(`new ${v.id}`) });
    await third.solve("top");
    assert.deepEqual(third.ran, ["left", "top"]);
  });

  it("does the work of two equal vertices once", async () => {
    const twins: Graph = new Map([
      vertex("a", [], "same"),
      vertex("b", [], "same"),
      vertex("top", ["a", "b"]),
    ]);
    const { solve, ran } = lab(twins, new MemoryCache());
    await solve("top");
    assert.equal(ran.filter((id) => id !== "top").length, 1);
  });

  it("does it once also where they ignore the cache, and not with what was there before", async () => {
    const twins: Graph = new Map([
      vertex("a", [], "same", true),
      vertex("b", [], "same", true),
      vertex("top", ["a", "b"]),
    ]);
    const cache = new MemoryCache();
    for (const attempt of ["first", "second"]) {
      const run = (v: Vertex, inputs: readonly Result[]): Promise<Result> =>
        Promise.resolve(v.id === "top" ? inputs.map(String).join(" and ") : attempt);
      const { solve, ran } = lab(twins, cache, { run });
      assert.equal(await solve("top"), `${attempt} and ${attempt}`);
      assert.equal(ran.filter((id) => id !== "top").length, 1);
    }
  });

  it("reports the first failure, aborts the rest and waits for it to end", async () => {
    let ended = false;
    const { solve, events } = lab(diamond, new MemoryCache(), {
      run: async (v, _inputs, signal) => {
        if (v.id === "left") throw new Error("left failed");
        if (v.id === "right")
          await new Promise<void>((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              setTimeout(() => {
                ended = true;
                reject(new Error("right was stopped"));
              }, 20);
            });
          });
        return v.id;
      },
    });
    await assert.rejects(solve("top"), { message: "left failed" });
    assert.equal(ended, true);
    const outcomes = events.flatMap((event) =>
      event.kind === "step-finished" ? [`${event.step.id} ${event.outcome}`] : [],
    );
    assert.deepEqual(outcomes, ["base done", "left failed", "right cancelled"]);
  });

  it("shows a step as failed whose inputs do not hold what it wants, with its place", async () => {
    const location = {
      file: "Dockerfile",
      text: "COPY",
      range: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 5 },
    };
    const graph: Graph = new Map(
      [...diamond].map(([id, one]) => [id, { ...one, step: { id, name: id, location } }]),
    );
    const { ran, events, solve } = lab(graph, new MemoryCache(), {
      content: (v) => {
        if (v.id === "left") throw new TsbuildError("STEPS_COPY", "no such file");
      },
    });
    await assert.rejects(solve("left"), { message: "no such file", location });
    assert.deepEqual(ran, ["base"]);
    const kinds = events.flatMap((event) =>
      "step" in event && event.step.id === "left" ? [event.kind] : [],
    );
    assert.deepEqual(kinds, ["step-started", "step-finished"]);
  });

  it("stores nothing for a step that failed", async () => {
    const cache = new MemoryCache();
    const failing = lab(diamond, cache, {
      run: (v) => (v.id === "left" ? Promise.reject(new Error("no")) : Promise.resolve(v.id)),
    });
    await assert.rejects(failing.solve("left"));
    const second = lab(diamond, cache);
    await second.solve("left");
    assert.deepEqual(second.ran, ["left"]);
  });

  it("rejects with the reason of the signal when it is interrupted", async () => {
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const { solve } = lab(diamond, new MemoryCache(), {
      run: () => {
        controller.abort(reason);
        return Promise.reject(new Error("a consequence"));
      },
    });
    await assert.rejects(solve("top", { signal: controller.signal }), reason);
  });
});
