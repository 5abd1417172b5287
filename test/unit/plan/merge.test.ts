// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePlatform } from "#src/oci/index.js";
import { mergePlans, type Plan, type PlatformPlan } from "#src/plan/index.js";
import type { Vertex } from "#src/solve/index.js";

const vertex = (id: string, op: string, inputs: readonly string[] = []): Vertex => ({
  id,
  kind: "run",
  inputs,
  op,
  step: { id, name: `[stage-0 ${id}] ${op}` },
  noCache: false,
});

/** A plan of these vertices, whose last one is the head and made the only layer. */
function planOf(platform: string, ...vertices: readonly Vertex[]): PlatformPlan {
  const head = vertices.at(-1)?.id ?? "";
  const plan: Plan = {
    graph: new Map(vertices.map((one) => [one.id, one])),
    image: {
      head,
      platform: parsePlatform(platform),
      config: {},
      history: [{ createdBy: "ENV" }, { createdBy: "RUN", vertex: head }],
      baseHistory: [],
    },
    stageImages: [],
    stages: new Set([0]),
  };
  return { platform: parsePlatform(platform), plan };
}

describe("mergePlans", () => {
  it("gives a single plan back", () => {
    const one = planOf("linux/amd64", vertex("a", "make"), vertex("b", "use", ["a"]));
    const { graph, images } = mergePlans([one]);
    assert.deepEqual([...graph], [...one.plan.graph]);
    assert.deepEqual(images, [{ platform: one.platform, image: one.plan.image, stages: [] }]);
  });

  it("has what is the same once, and names the rest after its platform", () => {
    const { graph, images } = mergePlans([
      planOf("linux/amd64", vertex("a", "tool"), vertex("b", "for amd64", ["a"])),
      planOf("linux/arm64", vertex("a", "tool"), vertex("b", "for arm64", ["a"])),
    ]);
    assert.deepEqual(
      [...graph.values()].map(({ step }) => step?.name),
      [
        "[stage-0 a] tool",
        "[linux/amd64 stage-0 b] for amd64",
        "[linux/arm64 stage-0 b] for arm64",
      ],
    );
    for (const [id, { inputs, step }] of graph) {
      assert.equal(step?.id, id);
      for (const input of inputs) assert.ok(graph.has(input));
    }
    const heads = images.map(({ image }) => image.head);
    assert.equal(new Set(heads).size, 2);
    assert.deepEqual(
      heads.map((head) => graph.get(head)?.op),
      ["for amd64", "for arm64"],
    );
    assert.deepEqual(
      images.map(({ image }) => image.history.map((entry) => entry.vertex)),
      heads.map((head) => [undefined, head]),
    );
  });

  it("keeps apart what stands on different inputs", () => {
    const { graph } = mergePlans([
      planOf("linux/amd64", vertex("a", "amd64"), vertex("b", "same", ["a"])),
      planOf("linux/arm64", vertex("a", "arm64"), vertex("b", "same", ["a"])),
    ]);
    assert.equal(graph.size, 4);
    const inputs = [...graph.values()].flatMap((one) => one.inputs.map((id) => graph.get(id)?.op));
    assert.deepEqual(inputs, ["amd64", "arm64"]);
  });

  it("shares what some of the platforms have in common", () => {
    const { graph } = mergePlans([
      planOf("linux/amd64", vertex("a", "one")),
      planOf("linux/arm64", vertex("a", "other")),
      planOf("linux/arm/v7", vertex("a", "other")),
    ]);
    assert.deepEqual(
      [...graph.values()].map(({ step }) => step?.name),
      ["[linux/amd64 stage-0 a] one", "[stage-0 a] other"],
    );
  });
});
