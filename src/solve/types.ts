// SPDX-License-Identifier: Apache-2.0
// The solver's own words. It knows vertices, keys and results, never Dockerfiles or filesystems: everything here
// is plain serialisable data, so that a step could as well run in another process or on another machine.

import type { Json, StepInfo } from "../base/index.js";

/** Names a vertex within one graph. */
export type VertexId = string;

/** One unit of work. `op` holds all that decides what it does, apart from its inputs. */
export interface Vertex {
  readonly id: VertexId;
  /** Chooses the {@link Step}. */
  readonly kind: string;
  readonly inputs: readonly VertexId[];
  readonly op: Json;
  /** What the user sees; absent: the vertex is never shown. */
  readonly step?: StepInfo;
  /** Never taken from the cache (its result is still recorded). */
  readonly noCache: boolean;
  /** Milliseconds: results that were made before that count for nothing. Absent: however old they are, they count. */
  readonly maxAge?: number;
}

/** A directed acyclic graph; every input of a vertex is in the map. */
export type Graph = ReadonlyMap<VertexId, Vertex>;

/** What a step leaves behind: addresses (ids, digests), never open resources. */
export type Result = Json;

/** Lower-case hex sha256 over canonical JSON. */
export type CacheKey = string;

/** One part of a key with a name, so that a miss can be explained: `files`, `env`, `command` ... */
export type KeyParts = Readonly<Record<string, Json | undefined>>;

/** What a step gets while it works. */
export interface StepContext {
  readonly signal: AbortSignal;
  /** Live output of the step. */
  output(stream: "stdout" | "stderr", data: Uint8Array): void;
  /** How far it is: bytes or entries of a total, under a short label. */
  progress(label: string, current: number, total?: number): void;
  warn(message: string): void;
  /** What the key was made of has changed meanwhile: by it, nothing is remembered of the result, nor of what is made of that. */
  unkeyed(): void;
}

/** How one kind of vertex is keyed and run. Implemented in steps/. */
export interface Step {
  /** Which limiter {@link run} waits for. */
  readonly resource: Resource;
  /**
   * What identifies the vertex besides its kind and its inputs' definition keys. May look at the outside world (digest the
   * context files a COPY reads, ask a registry for a tag's digest), but not at the inputs' results.
   */
  define(vertex: Vertex, context: StepContext): Promise<KeyParts>;
  /**
   * What identifies the vertex by the content of its inputs: a rebuilt input that yields the same content gives the same
   * parts. Absent: such a step is known by definition only.
   */
  content?(vertex: Vertex, inputs: readonly Result[], context: StepContext): Promise<KeyParts>;
  /** Does the work. */
  run(vertex: Vertex, inputs: readonly Result[], context: StepContext): Promise<Result>;
  /** Parts by content that only name what an input yielded: a change there is the input's, and explained with it. */
  readonly inputParts?: readonly string[];
  /**
   * Says in lines of text how a part of a key differs from an earlier one, where the values themselves do not tell (a digest
   * of files). Empty: nothing better is known than the values.
   */
  explain?(vertex: Vertex, change: PartChange): Promise<readonly string[]>;
  /** Whether a remembered result can still be used (its snapshot exists ...). */
  usable(result: Result): Promise<boolean>;
}

/** A part of a key that is not what it was. */
export interface PartChange {
  readonly part: string;
  readonly before: Json | undefined;
  readonly now: Json | undefined;
}

/** Limiters. `exec` is for steps that mostly wait for a command. */
export type Resource = "exec" | "disk" | "network";

/** What is remembered of a step that ran. All but the result serves to explain a later miss. */
export interface CacheRecord {
  readonly result: Result;
  readonly kind: string;
  readonly name: string;
  /** Of the key by definition. */
  readonly parts: KeyParts;
  /** Of the key by content. */
  readonly content?: KeyParts;
  /** The inputs' keys by definition. */
  readonly inputs?: readonly CacheKey[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Remembers results by key, across builds and processes. Implemented in cache/. */
export interface CacheStore {
  get(key: CacheKey): Promise<CacheRecord | undefined>;
  put(keys: readonly CacheKey[], record: CacheRecord): Promise<void>;
  /** Everything that is remembered of a kind of vertex, in no order. For explanations: it may take time. */
  history(kind: string): Promise<readonly CacheRecord[]>;
  /** Holds the key against other processes until disposed. */
  lock(key: CacheKey, signal: AbortSignal): Promise<AsyncDisposable>;
}

/** Results that other machines had, by key by definition. Implemented in build/. */
export interface ImportedResults {
  /** When a result was made, in milliseconds since the epoch. Undefined: nobody has it, or nobody knows. */
  createdAt(key: CacheKey): Promise<number | undefined>;
  /** Brings a result here. Undefined: nobody has it, or it cannot be had. */
  get(key: CacheKey): Promise<Result | undefined>;
}

/** Injected so that tests own the time. Milliseconds since the epoch. */
export type Clock = () => number;
