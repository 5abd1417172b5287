// SPDX-License-Identifier: Apache-2.0
// Walks a graph from the wanted vertices: keys first, then the cache, then work. A vertex whose definition key hits
// needs none of its inputs; one that misses has its inputs solved, is asked for its content key, and runs only if
// that misses too. Each vertex is solved once, whoever asks.

import pLimit, { type LimitFunction } from "p-limit";
import { all, anySignal, defined, messageOf } from "../base/index.js";
import type { BuildEvent, EventSink, StepInfo } from "../base/index.js";
import { Definitions, isTooOld, located, type Definition } from "./definitions.js";
import { contentKey } from "./keys.js";
import type {
  CacheKey,
  CacheRecord,
  CacheStore,
  Clock,
  Graph,
  ImportedResults,
  KeyParts,
  Resource,
  Result,
  Step,
  StepContext,
  Vertex,
  VertexId,
} from "./types.js";

/** How many steps of a resource run at once. */
export type Limits = Readonly<Record<Resource, number>>;

export interface SolverOptions {
  readonly graph: Graph;
  readonly steps: Readonly<Record<string, Step>>;
  readonly cache: CacheStore;
  /** Asked for what the cache does not have. */
  readonly imported?: ImportedResults;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly events: EventSink;
  /** Aborts everything. */
  readonly signal: AbortSignal;
  /** Told of every vertex that got its result, as soon as it did. */
  readonly onResult?: (vertex: Vertex, result: Result) => void;
}

type StepOutcome = Extract<BuildEvent, { kind: "step-finished" }>["outcome"];

/** One run over one graph. */
export class Solver {
  readonly #options: SolverOptions;
  readonly #limiters: Record<Resource, LimitFunction>;
  readonly #definitions: Definitions;
  readonly #solved = new Map<VertexId, Promise<Result>>();
  readonly #shown = new Set<VertexId>();
  /** What their keys were made of has changed since. */
  readonly #changed = new Set<VertexId>();
  /** Those, and all that was made of their results: no key by definition stands for what came out. */
  readonly #unkeyed = new Set<VertexId>();
  /** Keys of what was run here: also for those who ignore the cache that is new. */
  readonly #made = new Set<CacheKey>();
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  #failure: unknown;

  constructor(options: SolverOptions) {
    this.#options = options;
    const { limits, graph, steps } = options;
    this.#definitions = new Definitions(
      graph,
      steps,
      (vertex) => this.#context(vertex),
      (vertex) => this.#expired(vertex),
    );
    this.#limiters = {
      exec: pLimit(limits.exec),
      disk: pLimit(limits.disk),
      network: pLimit(limits.network),
    };
    this.#signal = anySignal(options.signal, this.#abort.signal);
  }

  /**
   * Solves a vertex and everything it needs. The first failure aborts the steps that still run and is what every caller
   * sees; they end before this rejects.
   * @throws whatever the failing step threw; SOLVE_UNKNOWN_STEP for a kind without a step.
   */
  async solve(id: VertexId): Promise<Result> {
    try {
      return await this.#solve(id);
    } catch (error) {
      this.#fail(error);
      await Promise.allSettled([...this.#solved.values(), ...this.#definitions.pending()]);
      throw this.#failure;
    }
  }

  /** The first error stands; later ones are its consequences. */
  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#failure = this.#options.signal.aborted ? this.#options.signal.reason : error;
    this.#abort.abort(error);
  }

  #solve(id: VertexId): Promise<Result> {
    let pending = this.#solved.get(id);
    if (pending === undefined) {
      pending = this.#solveOnce(this.#definitions.vertex(id)).catch((error: unknown) => {
        this.#fail(error);
        throw error;
      });
      this.#solved.set(id, pending);
    }
    return pending;
  }

  async #solveOnce(vertex: Vertex): Promise<Result> {
    const step = this.#definitions.step(vertex);
    const definition = await this.#definitions.of(vertex.id);
    const { key, parts } = definition;
    const known = (await this.#definitions.renewed(vertex.id))
      ? undefined
      : ((await this.#lookup(key, step, vertex)) ?? (await this.#imported(vertex, definition)));
    if (known !== undefined) return this.#hit(vertex, known.result);

    const inputs = await all(vertex.inputs.map((input) => this.#solve(input)));
    this.#signal.throwIfAborted();
    const derived = vertex.inputs.some((input) => this.#unkeyed.has(input));
    if (derived) this.#unkeyed.add(vertex.id);
    const context = this.#context(vertex);
    const contentParts = await this.#content(vertex, step, inputs, context);
    const byContent =
      contentParts === undefined ? undefined : contentKey(vertex.kind, contentParts);
    // Of inputs whose keys are wrong, the content is right.
    const keys = [...(derived ? [] : [key]), ...(byContent === undefined ? [] : [byContent])];
    const same =
      byContent === undefined || vertex.noCache
        ? undefined
        : await this.#lookup(byContent, step, vertex);
    if (same !== undefined) {
      if (!derived)
        await this.#options.cache.put([key], { ...same, parts, inputs: definition.inputs });
      return this.#hit(vertex, same.result);
    }

    const own = byContent ?? key;
    await using _lock = await this.#options.cache.lock(own, this.#signal);
    // Another process, or an equal vertex, may have done the work while this one waited for the lock.
    const meanwhile =
      vertex.noCache && !this.#made.has(own) ? undefined : await this.#lookup(own, step, vertex);
    if (meanwhile !== undefined) return this.#hit(vertex, meanwhile.result);
    return await this.#limiters[step.resource](async () => {
      this.#signal.throwIfAborted();
      const result = await this.#run(vertex, step, inputs, context);
      const known = this.#changed.has(vertex.id) ? [] : keys;
      await this.#options.cache.put(known, {
        result,
        kind: vertex.kind,
        name: vertex.step?.name ?? vertex.kind,
        parts,
        ...defined({ content: contentParts }),
        inputs: definition.inputs,
        createdAt: this.#options.clock(),
      });
      for (const made of known) this.#made.add(made);
      this.#options.onResult?.(vertex, result);
      return result;
    });
  }

  /** What a step reads of its inputs. Where that cannot be had, the step has failed. */
  async #content(
    vertex: Vertex,
    step: Step,
    inputs: readonly Result[],
    context: StepContext,
  ): Promise<KeyParts | undefined> {
    try {
      return await step.content?.(vertex, inputs, context);
    } catch (error) {
      if (!this.#signal.aborted) {
        this.#shown.add(vertex.id);
        this.#tell(vertex, (info, time) => ({ kind: "step-started", step: info, time }));
        this.#finished(vertex, "failed", messageOf(error));
      }
      throw located(error, vertex);
    }
  }

  async #run(
    vertex: Vertex,
    step: Step,
    inputs: readonly Result[],
    context: StepContext,
  ): Promise<Result> {
    this.#shown.add(vertex.id);
    this.#tell(vertex, (step, time) => ({ kind: "step-started", step, time }));
    try {
      const result = await step.run(vertex, inputs, context);
      this.#finished(vertex, "done");
      return result;
    } catch (error) {
      this.#finished(vertex, this.#signal.aborted ? "cancelled" : "failed", messageOf(error));
      throw located(error, vertex);
    }
  }

  #finished(vertex: Vertex, outcome: StepOutcome, message?: string): void {
    this.#tell(vertex, (step, time) => ({
      kind: "step-finished",
      step,
      outcome,
      ...defined({ message }),
      time,
    }));
  }

  /** Sends an event about a vertex that is shown. */
  #tell(vertex: Vertex, event: (step: StepInfo, time: number) => BuildEvent): void {
    if (vertex.step !== undefined) this.#options.events(event(vertex.step, this.#options.clock()));
  }

  /** A hit stands for everything below it: what was never solved is shown as cached too, inputs first. */
  #hit(vertex: Vertex, result: Result): Result {
    this.#showCached(vertex);
    this.#options.onResult?.(vertex, result);
    return result;
  }

  #showCached(vertex: Vertex): void {
    if (this.#shown.has(vertex.id) || this.#signal.aborted) return;
    this.#shown.add(vertex.id);
    for (const input of vertex.inputs)
      if (!this.#solved.has(input)) this.#showCached(this.#definitions.vertex(input));
    this.#finished(vertex, "cached");
  }

  /** What another machine made of the same definition; remembered from now on. */
  async #imported(vertex: Vertex, definition: Definition): Promise<CacheRecord | undefined> {
    const { imported, cache, clock } = this.#options;
    const { key, parts, inputs } = definition;
    const createdAt = (await imported?.createdAt(key)) ?? clock();
    if (isTooOld(vertex, createdAt, clock())) return undefined;
    const result = await imported?.get(key);
    if (result === undefined) return undefined;
    const { kind } = vertex;
    const name = vertex.step?.name ?? kind;
    const record = { result, kind, name, parts, inputs, createdAt };
    await cache.put([key], record);
    return record;
  }

  /** The store is asked first: a cache of others is opened when that has nothing, or only what is too old. */
  async #expired(vertex: Vertex): Promise<boolean> {
    const { cache, imported, clock } = this.#options;
    const { key } = await this.#definitions.of(vertex.id);
    const own = (await cache.get(key))?.createdAt;
    if (own !== undefined && !isTooOld(vertex, own, clock())) return false;
    const createdAt = (await imported?.createdAt(key)) ?? own;
    return createdAt !== undefined && isTooOld(vertex, createdAt, clock());
  }

  /** Whether the keys of a vertex stand for its result: not where what they were made of changed while it was read. */
  isKeyed(id: VertexId): boolean {
    return !this.#unkeyed.has(id);
  }

  /** The key by definition. */
  async keyOf(id: VertexId): Promise<CacheKey> {
    return (await this.#definitions.of(id)).key;
  }

  /** The parts of the key by definition. */
  async partsOf(id: VertexId): Promise<KeyParts> {
    return (await this.#definitions.of(id)).parts;
  }

  /** The result of a vertex that was solved, or is remembered: of one that nothing needed, what an earlier build left counts. */
  async remembered(id: VertexId): Promise<Result | undefined> {
    if (this.#solved.has(id)) return this.#solve(id);
    const vertex = this.#definitions.vertex(id);
    const definition = await this.#definitions.of(id);
    const step = this.#definitions.step(vertex);
    const record =
      (await this.#lookup(definition.key, step, vertex)) ??
      (await this.#imported(vertex, definition));
    return record?.result;
  }

  async #lookup(key: CacheKey, step: Step, vertex: Vertex): Promise<CacheRecord | undefined> {
    const { cache, clock } = this.#options;
    const record = await cache.get(key);
    if (record === undefined || isTooOld(vertex, record.createdAt, clock())) return undefined;
    return (await step.usable(record.result)) ? record : undefined;
  }

  #context(vertex: Vertex): StepContext {
    return {
      signal: this.#signal,
      output: (stream, data) => {
        this.#tell(vertex, ({ id }, time) => ({ kind: "step-output", id, stream, data, time }));
      },
      progress: (label, current, total) => {
        this.#tell(vertex, ({ id }, time) => ({
          kind: "step-progress",
          id,
          label,
          current,
          ...defined({ total }),
          time,
        }));
      },
      warn: (message) => {
        const location = vertex.step?.location;
        this.#options.events({
          kind: "warning",
          message,
          ...defined({ location }),
        });
      },
      unkeyed: () => {
        this.#changed.add(vertex.id);
        this.#unkeyed.add(vertex.id);
      },
    };
  }
}
