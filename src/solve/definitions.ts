// SPDX-License-Identifier: Apache-2.0
// What the vertices of a graph are by definition: each is asked once, after its inputs.

import { all, TsbuildError } from "../base/index.js";
import { definitionKey } from "./keys.js";
import type { CacheKey, Graph, KeyParts, Step, StepContext, Vertex, VertexId } from "./types.js";

export interface Definition {
  readonly key: CacheKey;
  readonly parts: KeyParts;
  /** The inputs' keys by definition. */
  readonly inputs: readonly CacheKey[];
}

export class Definitions {
  readonly #graph: Graph;
  readonly #steps: Readonly<Record<string, Step>>;
  readonly #contextOf: (vertex: Vertex) => StepContext;
  readonly #defined = new Map<VertexId, Promise<Definition>>();
  readonly #expired: (vertex: Vertex) => Promise<boolean>;
  readonly #renewals = new Map<VertexId, Promise<boolean>>();

  /** `expired`: whether something is remembered of a vertex, and all of it is too old. */
  constructor(
    graph: Graph,
    steps: Readonly<Record<string, Step>>,
    contextOf: (vertex: Vertex) => StepContext,
    expired: (vertex: Vertex) => Promise<boolean>,
  ) {
    this.#graph = graph;
    this.#steps = steps;
    this.#contextOf = contextOf;
    this.#expired = expired;
  }

  vertex(id: VertexId): Vertex {
    const vertex = this.#graph.get(id);
    if (vertex === undefined) throw new RangeError(`no vertex ${id} in the graph`);
    return vertex;
  }

  /** Errors: SOLVE_UNKNOWN_STEP. */
  step(vertex: Vertex): Step {
    const step = this.#steps[vertex.kind];
    if (step === undefined)
      throw new TsbuildError("SOLVE_UNKNOWN_STEP", `no step runs vertices of kind ${vertex.kind}`);
    return step;
  }

  of(id: VertexId): Promise<Definition> {
    let pending = this.#defined.get(id);
    if (pending === undefined) {
      pending = this.#define(this.vertex(id));
      this.#defined.set(id, pending);
    }
    return pending;
  }

  /** All that were begun, to wait for their end. */
  pending(): Iterable<Promise<Definition>> {
    return this.#defined.values();
  }

  /**
   * The vertex or something below it is to run again, cache or not: its definition alone then says nothing about what it
   * yields. Its content key still may.
   */
  renewed(id: VertexId): Promise<boolean> {
    let renewed = this.#renewals.get(id);
    if (renewed === undefined) {
      renewed = this.#isRenewed(this.vertex(id));
      this.#renewals.set(id, renewed);
    }
    return renewed;
  }

  async #isRenewed(vertex: Vertex): Promise<boolean> {
    if (vertex.noCache) return true;
    // A young result may stand on an old one.
    const inputs = await all(vertex.inputs.map((input) => this.renewed(input)));
    return inputs.includes(true) || (vertex.maxAge !== undefined && (await this.#expired(vertex)));
  }

  async #define(vertex: Vertex): Promise<Definition> {
    const step = this.step(vertex);
    const [definitions, parts] = await all([
      all(vertex.inputs.map((input) => this.of(input))),
      step.define(vertex, this.#contextOf(vertex)).catch((error: unknown) => {
        throw located(error, vertex);
      }),
    ]);
    const inputs = definitions.map(({ key }) => key);
    return { key: definitionKey(vertex.kind, parts, inputs), parts, inputs };
  }
}

/** Whether a result that was made then counts no longer. Times in milliseconds since the epoch. */
export function isTooOld({ maxAge }: Vertex, createdAt: number, now: number): boolean {
  return maxAge !== undefined && now - createdAt > maxAge;
}

/** The error with the place of its vertex. */
export function located(error: unknown, vertex: Vertex): unknown {
  const location = vertex.step?.location;
  return error instanceof TsbuildError && location !== undefined ? error.at(location) : error;
}
