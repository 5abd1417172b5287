// SPDX-License-Identifier: Apache-2.0
// The image configuration and history of a stage while its instructions are planned.

import { defined } from "../base/index.js";
import type { ContainerConfig, HistoryEntry, Platform } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import { absolutePath, withSlashes } from "./places.js";
import type { ImageEdits, PlannedHistory, PlannedImage, ResolvedImage } from "./types.js";
import { defaultPath, Variables } from "./variables.js";

/** What a stage starts from: nothing, a registry image, or another stage. */
export interface DraftBase {
  readonly head: VertexId;
  readonly image?: ResolvedImage;
  readonly platform: Platform;
  readonly config: ContainerConfig;
  readonly author?: string;
  readonly baseHistory: readonly HistoryEntry[];
  /** The stage that this one continues. Its environment is not in `config`. */
  readonly stage?: ImageDraft;
  /** What making the base itself says in the history. */
  readonly history?: readonly PlannedHistory[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Grows by one instruction at a time. */
export class ImageDraft {
  head: VertexId;
  author: string | undefined;
  readonly platform: Platform;
  readonly variables: Variables;
  readonly config: Mutable<ContainerConfig>;
  /** The base's and those of EXPOSE, put into the configuration at the end: there may be tens of thousands. */
  readonly exposedPorts: Set<string>;
  /** As the ports: one by one, for the configuration's own form would be copied as often as there are labels. */
  readonly labels: Map<string, string>;
  readonly volumes: Set<string>;
  /** Of ONBUILD; the base's have been planned, and are none of these. */
  readonly triggers: string[] = [];
  /** CMD was given in this very stage, so ENTRYPOINT leaves it alone. */
  cmdGiven = false;
  readonly base: DraftBase;
  readonly #history: PlannedHistory[];
  #historyLength: number;
  #historySize: number;

  constructor(base: DraftBase) {
    this.base = base;
    this.head = base.head;
    this.author = base.author;
    this.platform = base.platform;
    this.config = { ...base.config };
    delete this.config.OnBuild;
    this.exposedPorts = new Set(
      base.stage?.exposedPorts ?? Object.keys(base.config.ExposedPorts ?? {}),
    );
    this.labels = new Map(base.stage?.labels ?? Object.entries(base.config.Labels ?? {}));
    this.volumes = new Set(base.stage?.volumes ?? Object.keys(base.config.Volumes ?? {}));
    this.variables = new Variables(base.config.Env ?? [], base.stage?.variables);
    // A stage that continues another has what that one set, at the end of what may be a long row.
    // Windows has its own.
    const isFirst = base.stage === undefined && this.platform.os !== "windows";
    if (isFirst && this.variables.get("PATH") === undefined)
      this.variables.setEnv("PATH", defaultPath);
    this.#history = [...(base.history ?? [])];
    this.#historyLength = (base.stage?.historyLength ?? 0) + this.#history.length;
    this.#historySize = base.stage?.historySize ?? 0;
  }

  /** The working directory, absolute. */
  get workdir(): string {
    const dir = withSlashes(this.config.WorkingDir ?? "", this.platform);
    return dir === "" ? "/" : dir;
  }

  /** An absolute path: a relative one is below the working directory. */
  placeOf(path: string): string {
    return absolutePath(withSlashes(path, this.platform), this.workdir);
  }

  /** What shell forms are wrapped in. */
  get shell(): readonly string[] {
    if (this.config.Shell !== undefined) return this.config.Shell;
    return this.platform.os === "windows" ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"];
  }

  get user(): string {
    return this.config.User ?? "";
  }

  /** How many entries the history has, those of the stages below included. */
  get historyLength(): number {
    return this.#historyLength;
  }

  /** Characters of what instructions put into the history, those of the stages below included. */
  get historySize(): number {
    return this.#historySize;
  }

  /** Leaves out labels that the base has: these, or all. */
  dropLabels(names: Iterable<string> = [...this.labels.keys()]): void {
    for (const name of names) this.labels.delete(name);
    if (this.labels.size === 0) delete this.config.Labels;
  }

  /** Records an instruction that made no layer. */
  note(createdBy: string): void {
    this.#record({ createdBy });
  }

  /** Records an instruction whose vertex makes a layer and becomes the head. */
  advance(vertex: VertexId, createdBy: string): void {
    this.head = vertex;
    this.#record({ createdBy, vertex });
  }

  #record(entry: PlannedHistory): void {
    this.#history.push(entry);
    this.#historyLength++;
    this.#historySize += entry.createdBy.length;
  }

  /** The outcome, with `labels` and `edits` over what the instructions say. */
  finish(labels: Readonly<Record<string, string>>, edits: ImageEdits): PlannedImage {
    const { image, platform, baseHistory } = this.base;
    const { unsetEnv = [], unsetLabels = [] } = edits;
    const config: Mutable<ContainerConfig> = {
      ...this.config,
      Env: this.variables.env.filter((line) => !unsetEnv.includes(line.split("=", 1)[0] ?? "")),
    };
    if (this.exposedPorts.size > 0)
      config.ExposedPorts = Object.fromEntries(
        [...this.exposedPorts].sort().map((port) => [port, {}]),
      );
    if (this.volumes.size > 0)
      config.Volumes = Object.fromEntries([...this.volumes].map((path) => [path, {}]));
    const labelled = new Map([...this.labels, ...Object.entries(labels)]);
    for (const name of unsetLabels) labelled.delete(name);
    if (labelled.size > 0 || config.Labels !== undefined)
      config.Labels = Object.fromEntries(labelled);
    return {
      head: this.head,
      ...defined({ base: image, author: this.author }),
      platform,
      config,
      history: this.#wholeHistory(),
      baseHistory,
    };
  }

  /** What a stage that says FROM this one starts from. */
  asBase(): DraftBase {
    const { history: _own, ...base } = this.base;
    const { Env: _env, ...config } = this.config;
    return {
      ...base,
      head: this.head,
      ...defined({ author: this.author }),
      config,
      stage: this,
    };
  }

  /** That of the stages below, then ours: kept apart, so that a stage costs no more than its own instructions. */
  #wholeHistory(): readonly PlannedHistory[] {
    const parts: (readonly PlannedHistory[])[] = [this.#history];
    for (let { stage } = this.base; stage !== undefined; { stage } = stage.base)
      parts.push(stage.#history);
    return parts.reverse().flat();
  }
}
