// SPDX-License-Identifier: Apache-2.0
// What the planning of one stage's instructions shares: its draft image, expansion with places, and new vertices.

import {
  TsbuildError,
  defined,
  withoutCredentials,
  type SourceLocation,
  type SourceRange,
} from "../base/index.js";
import { checkUndefined, expandHeredoc, expandWord, expandWords } from "../dockerfile/index.js";
import type {
  Expansion,
  ExpandOptions,
  Finding,
  Heredoc,
  Instruction,
  Stage,
  Word,
} from "../dockerfile/index.js";
import type { Json } from "../base/index.js";
import { ociLimits } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import type { ImageDraft } from "./image-draft.js";
import type { PlanOptions, SourceRef } from "./types.js";

/** Files that an instruction reads: a vertex's snapshot, or a context. */
export type FoundSource = { readonly vertex: VertexId } | { readonly context: string };

/** What the user sees of a vertex. */
export interface ShownStep {
  readonly stage: Stage;
  readonly text: string;
  readonly place: SourceLocation;
  /** It is no instruction of its own, and has no number: what an ADD downloads, the files of a FROM. */
  readonly apart?: true;
}

/** What a stage asks of the planner of the whole file. */
export interface StageServices {
  readonly options: PlanOptions;
  /** The stage, image or context that `--from` or a mount's `from` names. */
  findSource(name: string, stage: Stage, place: SourceLocation): Promise<FoundSource>;
  /** Counts text that variables were put into; false when the whole Dockerfile has come to too much. */
  takeText(length: number): boolean;
  addVertex(kind: string, inputs: readonly VertexId[], op: Json, shown: ShownStep): VertexId;
  /** Findings of build checks. */
  report(findings: readonly Finding[]): void;
}

/** One stage while it is planned. */
export class StagePlanner {
  readonly stage: Stage;
  readonly draft: ImageDraft;
  readonly services: StageServices;
  /** The instruction in hand. */
  readonly instruction: Instruction;
  /** Set while triggers of the base image are planned: errors point at FROM then. */
  readonly #place: SourceLocation | undefined;

  constructor(
    stage: Stage,
    draft: ImageDraft,
    services: StageServices,
    instruction: Instruction,
    place?: SourceLocation,
  ) {
    this.stage = stage;
    this.instruction = instruction;
    this.draft = draft;
    this.services = services;
    this.#place = place;
  }

  place(range: SourceRange): SourceLocation {
    if (this.#place !== undefined) return this.#place;
    const { file, text } = this.services.options.dockerfile.source;
    return { file, text, range };
  }

  /** Fails at an instruction. */
  fail(code: string, message: string, range: SourceRange, hint?: string): never {
    throw new TsbuildError(code, message, {
      location: this.place(range),
      ...defined({ hint }),
    });
  }

  expand(word: Word): string {
    const expansion = this.#seen(expandWord(word, this.draft.variables, this.#expandOptions()));
    return this.#counted(expansion.value);
  }

  /** Expands and splits at white space. */
  expandSplit(word: Word): readonly string[] {
    const expansion = this.#seen(expandWords(word, this.draft.variables, this.#expandOptions()));
    return expansion.values.map((value) => this.#counted(value));
  }

  expandHeredoc(heredoc: Heredoc): string {
    const { variables } = this.draft;
    const expansion = this.#seen(expandHeredoc(heredoc, variables, this.#expandOptions()));
    return this.#counted(expansion.value);
  }

  /** For expanders that are called elsewhere (mounts). */
  expandOptions(): ExpandOptions {
    return this.#expandOptions();
  }

  /** Adds a vertex for an instruction, on top of the stage's root filesystem. */
  add(kind: string, sources: readonly VertexId[], op: Json, instruction: Instruction): VertexId {
    return this.services.addVertex(kind, [this.draft.head, ...sources], op, {
      stage: this.stage,
      text: this.shownText(instruction),
      place: this.place(instruction.range),
    });
  }

  /** An instruction as its step shows it; those that the base image asks for say so. */
  shownText(instruction: Instruction): string {
    const text = withoutCredentials(instruction.original);
    return this.#place === undefined ? text : `ONBUILD ${text}`;
  }

  /** What a command is told of variables: each command has them all. Throws PLAN_TOO_LARGE. */
  countEnv(env: readonly string[]): void {
    for (const line of env) this.#counted(line);
  }

  /** Throws PLAN_TOO_LARGE, at the instruction in hand, when no image's configuration could hold the history. */
  checkHistory(): void {
    const { base, historyLength } = this.draft;
    if (base.baseHistory.length + historyLength > ociLimits.history)
      this.#tooLarge(`the history of the image has more than ${ociLimits.history} entries`);
    if (this.draft.historySize > ociLimits.configBytes)
      this.#tooLarge("the history of the image is longer than its configuration can be");
  }

  #counted(text: string): string {
    if (!this.services.takeText(text.length))
      this.#tooLarge("with the variables in it, the Dockerfile is too long");
    return text;
  }

  #tooLarge(message: string): never {
    this.fail(
      "PLAN_TOO_LARGE",
      message,
      this.instruction.range,
      "Put several instructions into one, and long values into files that are copied.",
    );
  }

  #expandOptions(): ExpandOptions {
    const { source } = this.services.options.dockerfile;
    const { variables } = this.draft;
    return { source, declared: (name) => variables.declared(name) };
  }

  #seen<E extends Pick<Expansion, "unset">>(expansion: E): E {
    this.reportUnset(expansion.unset);
    return expansion;
  }

  /** Names were used that are neither set nor declared. */
  reportUnset(names: readonly string[]): void {
    const { dockerfile } = this.services.options;
    if (names.length > 0)
      this.services.report(
        checkUndefined(dockerfile, this.instruction, names, this.draft.variables),
      );
  }
}

/** Collects the inputs of a vertex; input 0 is the root filesystem. */
export class InputList {
  readonly vertices: VertexId[] = [];

  /** The reference under which a vertex with these inputs finds the files. */
  refer(source: FoundSource): SourceRef {
    if ("context" in source) return { from: "context", name: source.context };
    const known = this.vertices.indexOf(source.vertex);
    if (known >= 0) return { from: "input", index: known + 1 };
    this.vertices.push(source.vertex);
    return { from: "input", index: this.vertices.length };
  }
}
