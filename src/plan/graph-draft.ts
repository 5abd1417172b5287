// SPDX-License-Identifier: Apache-2.0
// The graph while it is planned: which vertices there are, what they are called, and how deep they stand on one another.

import { TsbuildError, defined, largest, type Json, type SourceLocation } from "../base/index.js";
import type { Instruction, Stage } from "../dockerfile/index.js";
import type { Graph, Vertex, VertexId } from "../solve/index.js";
import type { ShownStep } from "./stage-planner.js";
import type { ImageOp, PlanOptions, ResolvedImage } from "./types.js";

/**
 * So many vertices may stand on one another. What walks the graph calls itself from input to input; and no image has half as
 * many layers.
 */
const maxDepth = 1000;

/** What steps of a stage are called by. */
export function stageLabel(stage: Stage): string {
  return stage.name ?? `stage-${stage.index}`;
}

export class GraphDraft {
  readonly #options: Pick<PlanOptions, "noCache" | "maxAge">;
  readonly #vertices = new Map<VertexId, Vertex>();
  /** How many vertices stand on one another, up to this one. */
  readonly #depths = new Map<VertexId, number>();
  /** By stage. */
  readonly #stepsPlanned = new Map<number, number>();
  /** By stage: steps that there will be. */
  readonly #stepsExpected = new Map<number, number>();

  constructor(options: Pick<PlanOptions, "noCache" | "maxAge">) {
    this.#options = options;
  }

  /** What has been added so far, inputs first. */
  get vertices(): Graph {
    return this.#vertices;
  }

  scratch(): VertexId {
    return this.put({ id: "scratch", kind: "scratch", inputs: [], op: null, noCache: false });
  }

  image(image: ResolvedImage, name: string, location: SourceLocation): VertexId {
    const { mediaType, digest, size } = image.manifest;
    const op: ImageOp = {
      reference: image.reference,
      manifest: { mediaType, digest, size },
      origin: image.origin,
    };
    const id = `image:${digest}`;
    return this.put({
      id,
      kind: "image",
      inputs: [],
      op,
      step: { id, name, location },
      noCache: false,
    });
  }

  /** All instructions of a stage, triggers of its base included, before the first of them is added: what steps are counted by. */
  expect(stage: Stage, instructions: readonly Instruction[]): void {
    this.#stepsExpected.set(stage.index, stepCount(instructions));
  }

  /** Adds the vertex of an instruction; their order is that of the steps. */
  add(kind: string, inputs: readonly VertexId[], op: Json, shown: ShownStep): VertexId {
    const { stage, text, place, apart = false } = shown;
    const position = (this.#stepsPlanned.get(stage.index) ?? 1) + 1;
    // Nothing is done for FROM scratch, so it is no step.
    const unshown = stage.from.image.text === "scratch" ? 1 : 0;
    if (!apart) this.#stepsPlanned.set(stage.index, position);
    const expected = this.#stepsExpected.get(stage.index) ?? position;
    const number = apart ? "" : ` ${position - unshown}/${expected - unshown}`;
    const name = `[${stageLabel(stage)}${number}] ${oneLine(text)}`;
    const id = apart ? this.#idBefore(stage, position) : `${stage.index}:${position}`;
    const { maxAge } = this.#options;
    return this.put({
      id,
      kind,
      inputs,
      op,
      step: { id, name, location: place },
      noCache: this.uncached(stage),
      ...defined({ maxAge }),
    });
  }

  /** The id of something that the step at this position needs: they are counted. */
  #idBefore(stage: Stage, position: number): VertexId {
    const id = `${stage.index}:${position}:`;
    let count = 1;
    while (this.#vertices.has(`${id}${count}`)) count++;
    return `${id}${count}`;
  }

  /** Adds a vertex, unless there is one of its id. Throws PLAN_TOO_DEEP. */
  put(vertex: Vertex): VertexId {
    if (this.#vertices.has(vertex.id)) return vertex.id;
    const depth =
      1 +
      largest(
        vertex.inputs.map((input) => this.#depths.get(input) ?? 0),
        0,
      );
    if (depth > maxDepth)
      throw new TsbuildError("PLAN_TOO_DEEP", `more than ${maxDepth} steps stand on one another`, {
        ...(vertex.step === undefined ? {} : { location: vertex.step.location }),
        hint: "Put several commands into one RUN, and several sources into one COPY.",
      });
    this.#depths.set(vertex.id, depth);
    this.#vertices.set(vertex.id, vertex);
    return vertex.id;
  }

  /** Whether nothing remembered counts for the steps of a stage. */
  uncached(stage: Stage): boolean {
    const { noCache } = this.#options;
    if (typeof noCache === "boolean") return noCache;
    return noCache.some(
      (name) => name.toLowerCase() === stage.name || name === String(stage.index),
    );
  }
}

/** FROM is the first step, then each instruction that makes a layer. */
function stepCount(instructions: readonly Instruction[]): number {
  const layers = instructions.filter(
    ({ kind }) => kind === "run" || kind === "copy" || kind === "add" || kind === "workdir",
  );
  return layers.length + 1;
}

function oneLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").trim();
}
