// SPDX-License-Identifier: Apache-2.0
// Says, for each vertex that a target needs, whether the cache has it and, if not, why not: compared with what is remembered
// of the vertex that is most like it. Runs nothing.

import { canonicalJson, type Json } from "../base/index.js";
import { Definitions, isTooOld } from "./definitions.js";
import { contentKey } from "./keys.js";
import type {
  CacheRecord,
  CacheStore,
  Clock,
  Graph,
  KeyParts,
  PartChange,
  Result,
  Step,
  StepContext,
  Vertex,
  VertexId,
} from "./types.js";

/** A part that changed, with what the step has to say of it. */
export interface ExplainedChange extends PartChange {
  readonly lines: readonly string[];
}

export type Reason =
  /** It was asked for. */
  | { readonly why: "no-cache" }
  /** Its result is remembered, but too old to count. */
  | { readonly why: "expired" }
  /** Nothing like it is remembered. */
  | { readonly why: "new" }
  /** Its result is remembered, but has been removed. */
  | { readonly why: "removed" }
  /** An input has to run first. A step that reads only files of it may be a hit after all. */
  | { readonly why: "input-runs"; readonly input: Vertex }
  /** An input is there, but not the one of before. */
  | {
      readonly why: "input-changed";
      readonly input: Vertex;
      readonly changes: readonly ExplainedChange[];
    }
  | { readonly why: "part-changed"; readonly change: ExplainedChange };

export interface Explanation {
  readonly vertex: Vertex;
  /** `content`: what it reads is the same, however that came about. */
  readonly outcome: "hit" | "content" | "miss";
  readonly reasons: readonly Reason[];
  /** What a miss was compared with. */
  readonly compared?: { readonly name: string; readonly createdAt: number };
}

export interface ExplainOptions {
  readonly graph: Graph;
  readonly steps: Readonly<Record<string, Step>>;
  readonly cache: Pick<CacheStore, "get" | "history">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

interface Found {
  readonly explanation: Explanation;
  /** Undefined: it would have to run. */
  readonly result?: Result;
}

/** Explanations of everything that the targets need, inputs first. Errors: what the steps throw when they are asked for keys. */
export async function explain(
  options: ExplainOptions,
  targets: readonly VertexId[],
): Promise<readonly Explanation[]> {
  const explainer = new Explainer(options);
  for (const target of targets) await explainer.visit(target);
  return [...explainer.explanations.values()];
}

class Explainer {
  readonly #options: ExplainOptions;
  readonly #context: StepContext;
  readonly #definitions: Definitions;
  readonly #found = new Map<VertexId, Found>();
  readonly #histories = new Map<string, Promise<readonly CacheRecord[]>>();
  /** In the order in which the vertices come to be known. */
  readonly explanations = new Map<VertexId, Explanation>();

  constructor(options: ExplainOptions) {
    this.#options = options;
    this.#context = {
      signal: options.signal,
      output: () => undefined,
      progress: () => undefined,
      unkeyed: () => undefined,
      warn: options.warn,
    };
    this.#definitions = new Definitions(
      options.graph,
      options.steps,
      () => this.#context,
      async (vertex) => {
        const { key } = await this.#definitions.of(vertex.id);
        return this.#isTooOld(vertex, await options.cache.get(key));
      },
    );
  }

  async visit(id: VertexId): Promise<Found> {
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    this.#options.signal.throwIfAborted();
    const found = await this.#explain(this.#definitions.vertex(id));
    this.#found.set(id, found);
    this.explanations.set(id, found.explanation);
    return found;
  }

  /** A hit stands for everything below it, whatever may have become of that. */
  #cover(vertex: Vertex): void {
    for (const id of vertex.inputs) {
      if (this.explanations.has(id)) continue;
      const input = this.#definitions.vertex(id);
      this.#cover(input);
      this.explanations.set(id, { vertex: input, outcome: "hit", reasons: [] });
    }
  }

  async #explain(vertex: Vertex): Promise<Found> {
    const { cache } = this.#options;
    const step = this.#definitions.step(vertex);
    const { key, parts } = await this.#definitions.of(vertex.id);
    const remembered = await cache.get(key);
    const record = (await this.#definitions.renewed(vertex.id)) ? undefined : remembered;
    if (record !== undefined && (await step.usable(record.result))) {
      this.#cover(vertex);
      return { explanation: { vertex, outcome: "hit", reasons: [] }, result: record.result };
    }

    const inputs: Found[] = [];
    for (const input of vertex.inputs) inputs.push(await this.visit(input));
    const results = inputs.flatMap(({ result }) => (result === undefined ? [] : [result]));
    const content =
      results.length === inputs.length
        ? await step.content?.(vertex, results, this.#context)
        : undefined;
    const same =
      content === undefined || vertex.noCache
        ? undefined
        : await cache.get(contentKey(vertex.kind, content));
    if (same !== undefined && !this.#isTooOld(vertex, same) && (await step.usable(same.result)))
      return { explanation: { vertex, outcome: "content", reasons: [] }, result: same.result };
    if (vertex.noCache) return miss(vertex, [{ why: "no-cache" }]);
    const expired = [remembered, same].find((one) => this.#isTooOld(vertex, one));
    if (expired !== undefined) return miss(vertex, [{ why: "expired" }], expired);
    if (record !== undefined || same !== undefined) return miss(vertex, [{ why: "removed" }]);

    const before = await this.#nearest(vertex, parts);
    const reasons = this.#inputsThatRun(vertex, inputs);
    if (before === undefined) return miss(vertex, reasons.length > 0 ? reasons : [{ why: "new" }]);
    const ofInputs = new Set(step.inputParts);
    for (const change of changedParts(before.parts, parts, before.content, content))
      if (!ofInputs.has(change.part))
        reasons.push({ why: "part-changed", change: await this.#explained(vertex, change) });
    reasons.push(...(await this.#changedInputs(vertex, inputs, before, reasons.length === 0)));
    return miss(vertex, reasons, before);
  }

  #isTooOld(vertex: Vertex, record: CacheRecord | undefined): boolean {
    return record !== undefined && isTooOld(vertex, record.createdAt, this.#options.clock());
  }

  #inputsThatRun(vertex: Vertex, inputs: readonly Found[]): Reason[] {
    return vertex.inputs.flatMap((id, i): Reason[] =>
      inputs[i]?.result === undefined
        ? [{ why: "input-runs", input: this.#definitions.vertex(id) }]
        : [],
    );
  }

  /** Inputs that are there, but were others before. `all`: also those of the same definition, for want of another reason. */
  async #changedInputs(
    vertex: Vertex,
    inputs: readonly Found[],
    before: CacheRecord,
    all: boolean,
  ): Promise<Reason[]> {
    const definition = await this.#definitions.of(vertex.id);
    const reasons: Reason[] = [];
    for (const [i, id] of vertex.inputs.entries()) {
      const old = before.inputs?.[i];
      const unchanged = old === definition.inputs[i];
      if (inputs[i]?.result === undefined || (unchanged && !all)) continue;
      const input = this.#definitions.vertex(id);
      const record = old === undefined ? undefined : await this.#options.cache.get(old);
      const { parts } = await this.#definitions.of(id);
      const changes = record === undefined ? [] : changedParts(record.parts, parts);
      reasons.push({
        why: "input-changed",
        input,
        changes: await Promise.all(changes.map((change) => this.#explained(input, change))),
      });
    }
    return reasons;
  }

  async #explained(vertex: Vertex, change: PartChange): Promise<ExplainedChange> {
    const lines = (await this.#definitions.step(vertex).explain?.(vertex, change)) ?? [];
    return { ...change, lines };
  }

  /** What is remembered of the vertex that is most like this one; of equals, the newest. */
  async #nearest(vertex: Vertex, parts: KeyParts): Promise<CacheRecord | undefined> {
    let history = this.#histories.get(vertex.kind);
    if (history === undefined) {
      history = this.#options.cache.history(vertex.kind);
      this.#histories.set(vertex.kind, history);
    }
    const name = vertex.step?.name ?? vertex.kind;
    let best: CacheRecord | undefined;
    let bestScore = leastLikeness;
    for (const record of await history) {
      const score = likeness(name, parts, record);
      const newer = best === undefined || record.createdAt > best.createdAt;
      if (score < bestScore || (score === bestScore && !newer)) continue;
      best = record;
      bestScore = score;
    }
    return best;
  }
}

function miss(vertex: Vertex, reasons: readonly Reason[], before?: CacheRecord): Found {
  const compared =
    before === undefined ? {} : { compared: { name: before.name, createdAt: before.createdAt } };
  return { explanation: { vertex, outcome: "miss", reasons, ...compared } };
}

/** Parts that differ, by name. Content counts where both sides have it, and goes before a definition of the same name. */
function changedParts(
  before: KeyParts,
  now: KeyParts,
  contentBefore?: KeyParts,
  contentNow?: KeyParts,
): PartChange[] {
  const bothContents = contentBefore !== undefined && contentNow !== undefined;
  const old = bothContents ? { ...before, ...contentBefore } : before;
  const fresh = bothContents ? { ...now, ...contentNow } : now;
  const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  return [...names].sort().flatMap((part): PartChange[] => {
    const change = { part, before: old[part], now: fresh[part] };
    return same(change.before, change.now) ? [] : [change];
  });
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b));
}

/** Below this, two vertices have nothing to do with one another. */
const leastLikeness = 0.5;

/** From 0 (nothing in common) to 2 (the same name and parts). */
function likeness(name: string, parts: KeyParts, record: CacheRecord): number {
  const names = new Set([...Object.keys(parts), ...Object.keys(record.parts)]);
  const equal = [...names].filter((part) => same(parts[part], record.parts[part])).length;
  return (
    commonEnds(name, record.name) +
    (names.size === 0 ? 1 : equal / names.size) / 2 +
    (name === record.name ? 0.5 : 0)
  );
}

/** The share of two texts that their common beginning and end are. */
function commonEnds(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return (head + tail) / Math.max(a.length, b.length, 1);
}
