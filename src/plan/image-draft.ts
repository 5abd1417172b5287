// SPDX-License-Identifier: Apache-2.0
// The image configuration and history of a stage while its instructions are planned.

import type { ContainerConfig, HistoryEntry, Platform } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import type { ImageEdits, PlannedHistory, PlannedImage, ResolvedImage } from "./types.js";
import { defaultPath, Variables } from "./variables.js";

/** What a stage starts from: nothing, a registry image, or another stage. */
export interface DraftBase {
  readonly head: VertexId;
  readonly image?: ResolvedImage;
  readonly platform: Platform;
  readonly config: ContainerConfig;
  readonly author?: string;
  readonly history: readonly PlannedHistory[];
  readonly baseHistory: readonly HistoryEntry[];
  readonly args: Iterable<readonly [string, string | undefined]>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Grows by one instruction at a time. */
export class ImageDraft {
  head: VertexId;
  author: string | undefined;
  readonly platform: Platform;
  readonly variables: Variables;
  readonly config: Mutable<ContainerConfig>;
  /** CMD was given in this very stage, so ENTRYPOINT leaves it alone. */
  cmdGiven = false;
  readonly #base: DraftBase;
  readonly #history: PlannedHistory[];

  constructor(base: DraftBase) {
    this.#base = base;
    this.head = base.head;
    this.author = base.author;
    this.platform = base.platform;
    this.config = { ...base.config };
    delete this.config.OnBuild;
    const env = base.config.Env ?? [];
    const hasPath = env.some((line) => line.startsWith("PATH="));
    this.variables = new Variables(hasPath ? env : [...env, `PATH=${defaultPath}`], base.args);
    this.#history = [...base.history];
  }

  /** The working directory, absolute. */
  get workdir(): string {
    const dir = this.config.WorkingDir;
    return dir === undefined || dir === "" ? "/" : dir;
  }

  /** What shell forms are wrapped in. */
  get shell(): readonly string[] {
    return this.config.Shell ?? ["/bin/sh", "-c"];
  }

  get user(): string {
    return this.config.User ?? "";
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
    const { image, platform, baseHistory } = this.#base;
    const { env = new Map<string, string>(), unsetEnv = [], unsetLabels = [] } = edits;
    for (const [name, value] of env) this.variables.setEnv(name, value);
    const config: Mutable<ContainerConfig> = {
      ...this.config,
      Env: this.variables.env.filter((line) => !unsetEnv.includes(line.split("=", 1)[0] ?? "")),
    };
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
      history: this.#history,
      baseHistory,
    };
  }

  /** What a stage that says FROM this one starts from. */
  asBase(): DraftBase {
    return {
      ...this.#base,
      head: this.head,
      ...(this.author === undefined ? {} : { author: this.author }),
      config: { ...this.config, Env: this.variables.env },
      history: this.#history,
      args: this.variables.args,
    };
  }
}
