// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "#src/base/index.js";
import {
  explain,
  Solver,
  type Explanation,
  type Graph,
  type KeyParts,
  type Step,
  type Vertex,
} from "#src/solve/index.js";
import { MemoryCache } from "../../support/memory-cache.js";

interface Op {
  readonly parts: Record<string, Json>;
  /** What it yields; absent: something that its inputs decide. */
  readonly yields?: string;
}

const limits = { exec: 4, disk: 4, network: 4 };
const { signal } = new AbortController();
let time = 0;

function text(value: Json | undefined): string {
  assert.ok(typeof value === "string");
  return value;
}

/** `gone`: results that have been removed. */
function work(gone: ReadonlySet<string> = new Set()): Step {
  const partsOf = ({ op }: Vertex): KeyParts => (op as unknown as Op).parts;
  return {
    resource: "exec",
    define: (vertex) => Promise.resolve(partsOf(vertex)),
    content: (vertex, inputs) => Promise.resolve({ ...partsOf(vertex), root: inputs }),
    run: ({ id, op }, inputs) =>
      Promise.resolve((op as unknown as Op).yields ?? `${id}(${inputs.map(text).join(",")})`),
    inputParts: ["root"],
    explain: (_vertex, { part, before, now }) =>
      Promise.resolve(part === "files" ? [`${text(before)} became ${text(now)}`] : []),
    usable: (result) => Promise.resolve(!gone.has(text(result))),
  };
}

function vertex(
  id: string,
  inputs: readonly string[],
  parts: Record<string, Json>,
  rest: { readonly yields?: string; readonly noCache?: boolean; readonly name?: string } = {},
): [string, Vertex] {
  const { yields, noCache = false, name = id } = rest;
  const op = { parts, ...(yields === undefined ? {} : { yields }) };
  return [id, { id, kind: "work", inputs, op, step: { id, name }, noCache }];
}

async function build(graph: Graph, cache: MemoryCache, target = "top"): Promise<void> {
  await new Solver({
    graph,
    steps: { work: work() },
    cache,
    limits,
    clock: () => ++time,
    events: () => undefined,
    signal,
  }).solve(target);
}

async function ask(
  graph: Graph,
  cache: MemoryCache,
  gone?: ReadonlySet<string>,
): Promise<Map<string, Explanation>> {
  const steps = { work: work(gone) };
  const clock = (): number => time;
  const options = { graph, steps, cache, clock, signal, warn: () => undefined };
  const found = await explain(options, ["top"]);
  return new Map(found.map((one) => [one.vertex.id, one]));
}

const chain = (changes: Record<string, Record<string, Json>> = {}): Graph =>
  new Map([
    vertex("base", [], changes["base"] ?? { image: "a" }, { yields: "state" }),
    vertex("middle", ["base"], changes["middle"] ?? { files: "x", chmod: "none" }),
    vertex("top", ["middle"], changes["top"] ?? { command: "make" }),
  ]);

describe("explain", () => {
  it("runs nothing and changes nothing", async () => {
    const cache = new MemoryCache();
    await ask(chain(), cache);
    assert.equal(cache.records.size, 0);
  });

  it("says of a first build that the steps are new or wait for others", async () => {
    const found = await ask(chain(), new MemoryCache());
    assert.deepEqual([...found.keys()], ["base", "middle", "top"]);
    assert.deepEqual(found.get("base")?.reasons, [{ why: "new" }]);
    assert.deepEqual(
      found.get("top")?.reasons.map(({ why }) => why),
      ["input-runs"],
    );
  });

  it("says that everything below a hit is one", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache);
    const found = await ask(chain(), cache);
    assert.deepEqual(
      [...found].map(([id, { outcome }]) => [id, outcome]),
      [
        ["base", "hit"],
        ["middle", "hit"],
        ["top", "hit"],
      ],
    );
  });

  it("names the part that changed, with what the step knows of it, and what waits for it", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache);
    const found = await ask(chain({ middle: { files: "y", chmod: "none" } }), cache);
    assert.equal(found.get("base")?.outcome, "hit");
    assert.deepEqual(found.get("middle")?.reasons, [
      {
        why: "part-changed",
        change: { part: "files", before: "x", now: "y", lines: ["x became y"] },
      },
    ]);
    assert.equal(found.get("middle")?.compared?.name, "middle");
    const [reason] = found.get("top")?.reasons ?? [];
    assert.ok(reason?.why === "input-runs" && reason.input.id === "middle");
  });

  it("compares with the most similar step that ran, and of several with the newest", async () => {
    const cache = new MemoryCache();
    await build(chain({ middle: { files: "old", chmod: "none" } }), cache);
    await build(chain({ middle: { files: "new", chmod: "none" } }), cache);
    const found = await ask(chain({ middle: { files: "now", chmod: "none" } }), cache);
    const [reason] = found.get("middle")?.reasons ?? [];
    assert.ok(reason?.why === "part-changed");
    assert.equal(reason.change.before, "new");
  });

  it("compares a step whose text changed with the one that stood there before", async () => {
    const cache = new MemoryCache();
    const graph = (name: string, command: string): Graph =>
      new Map([vertex("top", [], { command, env: ["A=1"] }, { name })]);
    await build(graph("[stage 2/2] RUN make", "make"), cache);
    const found = await ask(graph("[stage 2/2] RUN make all", "make all"), cache);
    assert.equal(found.get("top")?.compared?.name, "[stage 2/2] RUN make");
    assert.deepEqual(
      found
        .get("top")
        ?.reasons.map((reason) => reason.why === "part-changed" && reason.change.part),
      ["command"],
    );
  });

  it("tells a changed input that is at hand from one that has to run", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache);
    // The other base is known already, from a build of its own.
    await build(new Map([vertex("base", [], { image: "b" }, { yields: "other" })]), cache, "base");
    const found = await ask(chain({ base: { image: "b" } }), cache);
    assert.equal(found.get("base")?.outcome, "hit");
    const [reason] = found.get("middle")?.reasons ?? [];
    assert.ok(reason?.why === "input-changed" && reason.input.id === "base");
    assert.deepEqual(reason.changes, [{ part: "image", before: "a", now: "b", lines: [] }]);
  });

  it("says when a changed input yields what it yielded before", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache);
    await build(new Map([vertex("base", [], { image: "b" }, { yields: "state" })]), cache, "base");
    const found = await ask(chain({ base: { image: "b" } }), cache);
    assert.equal(found.get("middle")?.outcome, "content");
    assert.deepEqual(found.get("middle")?.reasons, []);
  });

  it("says when a result has been removed, and when running again was asked for", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache);
    const gone = await ask(chain(), cache, new Set(["top(middle(state))"]));
    assert.deepEqual(gone.get("top")?.reasons, [{ why: "removed" }]);
    assert.equal(gone.get("middle")?.outcome, "hit");
    const renewed = new Map(chain()).set(...vertex("middle", ["base"], {}, { noCache: true }));
    assert.deepEqual((await ask(renewed, cache)).get("middle")?.reasons, [{ why: "no-cache" }]);
  });

  it("says when a result is too old, and which younger ones stand on it", async () => {
    const cache = new MemoryCache();
    await build(chain(), cache, "middle");
    time += 100;
    await build(chain(), cache);
    const aged: Graph = new Map([...chain()].map(([id, one]) => [id, { ...one, maxAge: 50 }]));
    const found = await ask(aged, cache);
    assert.deepEqual(found.get("base")?.reasons, [{ why: "expired" }]);
    assert.deepEqual(Object.keys(found.get("base")?.compared ?? {}), ["name", "createdAt"]);
    const [reason] = found.get("top")?.reasons ?? [];
    assert.ok(reason?.why === "input-runs" && reason.input.id === "middle");
  });
});
