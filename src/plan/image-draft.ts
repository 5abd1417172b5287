// SPDX-License-Identifier: Apache-2.0
// The image configuration and history of a stage while its instructions are planned.

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
  /** CMD was given in this very stage, so ENTRYPOINT leaves it alone. */
  cmdGiven = false;
  readonly base: DraftBase;
  readonly #history: PlannedHistory[];

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
    this.variables = new Variables(base.config.Env ?? [], base.stage?.variables);
    // A stage that continues another has what that one set.
    // Windows has its own.
    const lacksPath = this.variables.get("PATH") === undefined && this.platform.os !== "windows";
    if (base.stage === undefined && lacksPath) this.variables.setEnv("PATH", defaultPath);
    this.#history = [...(base.history ?? [])];
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
    return this.#wholeHistory().length;
  }

  /** Leaves out labels that the base has. */
  dropLabels(names: readonly string[]): void {
    const { Labels } = this.config;
    if (Labels === undefined || !names.some((name) => name in Labels)) return;
    this.config.Labels = Object.fromEntries(
      Object.entries(Labels).filter(([name]) => !names.includes(name)),
    );
  }

  /** Records an instruction that made no layer. */
  note(createdBy: string): void {
    this.#history.push({ createdBy });
  }

  /** Records an instruction whose vertex makes a layer and becomes the head. */
  advance(vertex: VertexId, createdBy: string): void {
    this.head = vertex;
    this.#history.push({ createdBy, vertex });
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
    if (Object.keys(labels).length > 0) config.Labels = { ...config.Labels, ...labels };
    if (unsetLabels.length > 0)
      config.Labels = Object.fromEntries(
        Object.entries(config.Labels ?? {}).filter(([name]) => !unsetLabels.includes(name)),
      );
    return {
      head: this.head,
      ...(image === undefined ? {} : { base: image }),
      ...(this.author === undefined ? {} : { author: this.author }),
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
      ...(this.author === undefined ? {} : { author: this.author }),
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
