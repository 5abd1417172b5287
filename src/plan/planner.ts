// SPDX-License-Identifier: Apache-2.0
// From a parsed Dockerfile to a graph. Stages are planned on demand, from the target backwards: a stage that nothing
// needs is never planned, its images are never resolved.

import { TsbuildError, defined, type Json, type SourceLocation } from "../base/index.js";
import { checkDefaultArgs, parseOnBuild } from "../dockerfile/index.js";
import type { Finding, Instruction, Stage } from "../dockerfile/index.js";
import { parseReference, wholeId, type Platform } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import { askAhead } from "./ask-ahead.js";
import { Bases } from "./bases.js";
import { planConfig } from "./config-instructions.js";
import { globalArgs, platformArgs, warnOfUnusedArgs, type GlobalArgs } from "./global-args.js";
import { GraphDraft, stageLabel } from "./graph-draft.js";
import { ImageDraft, type DraftBase } from "./image-draft.js";
import { planRun } from "./run.js";
import { planScan, type ScannedStage } from "./scan.js";
import {
  StagePlanner,
  type FoundSource,
  type ShownStep,
  type StageServices,
} from "./stage-planner.js";
import { planTransfer } from "./transfer.js";
import { stageBaseLabel, stageNameLabel } from "./stage-labels.js";
import { Stages } from "./stages.js";
import type { Plan, PlannedImage, PlannedStage, PlanOptions, ScanWish } from "./types.js";
import { planWorkdir } from "./workdir.js";

/** The comment of every history entry: what tools look for to tell such a history from the classic one. */
export const historyComment = "buildkit.dockerfile.v0";

/** Characters that all words of a Dockerfile may come to once variables are in them: each is limited, but there may be many. */
const maxText = 1 << 28;

/**
 * Plans a build.
 * Errors: PLAN_*, DOCKERFILE_* from expansion, and whatever the environment throws; all with their place.
 */
export async function planBuild(options: PlanOptions): Promise<Plan> {
  return new Planner(options).plan();
}

class Planner implements StageServices {
  readonly options: PlanOptions;
  readonly #graph: GraphDraft;
  readonly #stages: Stages;
  readonly #bases: Bases;
  readonly #planned = new Map<number, Promise<ImageDraft>>();
  /** What is known of stages whose images are wanted, but for these. */
  readonly #beginnings = new Map<number, Omit<PlannedStage, "image">>();
  readonly #globals: GlobalArgs;
  #textLeft = maxText;
  readonly #target: Stage;

  constructor(options: PlanOptions) {
    this.options = options;
    this.#graph = new GraphDraft(options);
    const { target, targetPlatform, buildPlatform, buildArgs, dockerfile } = options;
    this.#stages = new Stages(dockerfile.stages);
    this.#target = this.#stages.target(target);
    const stageName = target ?? this.#target.name ?? "default";
    const ofPlatform = platformArgs(targetPlatform, buildPlatform, stageName);
    this.#globals = globalArgs(dockerfile, ofPlatform, buildArgs);
    this.#bases = new Bases(options, this.#graph, this.#stages, this.#globals);
  }

  takeText(length: number): boolean {
    this.#textLeft -= length;
    return this.#textLeft >= 0;
  }

  async plan(): Promise<Plan> {
    const { targetPlatform, buildPlatform, dockerfile } = this.options;
    this.report(
      checkDefaultArgs(dockerfile, platformArgs(targetPlatform, buildPlatform, ""), isReference),
    );
    // Whether or not the target needs them: what BuildKit refuses is refused.
    for (const stage of this.#stages.all) this.#bases.from(stage);
    const planned = new AbortController();
    const wanted = this.options.everyStage === true ? this.#stages.all : [this.#target];
    askAhead(wanted, { stages: this.#stages, bases: this.#bases }, this.options, planned.signal);
    try {
      return await this.#plan();
    } finally {
      planned.abort();
    }
  }

  async #plan(): Promise<Plan> {
    if (this.options.everyStage === true)
      for (const stage of this.#stages.all) await this.#stage(stage);
    const draft = await this.#stage(this.#target);
    warnOfUnusedArgs(this.options, this.#globals);
    const { name } = this.#target;
    const finished = draft.finish(this.options.labels, this.options.edits);
    const image = { ...finished, platform: this.#imagePlatform(finished.platform) };
    const { scan } = this.options;
    return {
      graph: this.#graph.vertices,
      image,
      stageImages: await this.#stageImages(image),
      ...(scan === undefined ? {} : { scan: await this.#scan(scan) }),
      ...defined({ stageName: name }),
      stages: new Set(this.#planned.keys()),
    };
  }

  async #scan(scan: ScanWish): Promise<VertexId> {
    const stages: ScannedStage[] = [];
    for (const [index, planned] of this.#planned) {
      const stage = this.#stages.all[index];
      if (stage !== undefined) stages.push({ stage, draft: await planned });
    }
    const target = stages.find(({ stage }) => stage === this.#target);
    if (target === undefined) throw new RangeError("the target is planned first");
    return planScan(scan, this.options, this.#graph, {
      target,
      others: stages.filter((stage) => stage !== target),
      globals: this.#globals.values,
      location: this.#bases.placeOf(this.#target),
    });
  }

  async #stageImages(ofTarget: PlannedImage): Promise<readonly PlannedStage[]> {
    const images: PlannedStage[] = [];
    for (const beginning of [...this.#beginnings.values()].sort((a, b) => a.index - b.index)) {
      const draft = await this.#planned.get(beginning.index);
      if (draft === undefined) continue;
      const isTarget = beginning.index === this.#target.index;
      images.push({ ...beginning, image: isTarget ? ofTarget : draft.finish({}, {}) });
    }
    return images;
  }

  /** Notes what a stage whose image is wanted began with, before its own instructions. */
  #begin(stage: Stage, draft: ImageDraft, own: boolean): void {
    const { stageImages } = this.options;
    if (stageImages === undefined) return;
    const base = this.#bases.from(stage).name;
    const baseStage = this.#stages.continued(stage, base);
    this.#beginnings.set(stage.index, {
      index: stage.index,
      name: stage.from.alias?.text ?? String(stage.index),
      base,
      ...(baseStage === undefined || draft.base.stage === undefined
        ? {}
        : { baseStage: baseStage.index }),
      own,
      inherited: draft.historyLength,
    });
    // What this very stage says of itself counts.
    if (own && stageImages.labels) draft.dropLabels([stageNameLabel, stageBaseLabel]);
  }

  /** The platform that was asked for, whatever the stages were built from; else the base's. */
  #imagePlatform(ofBase: Platform): Platform {
    const { targetPlatform, platformGiven = false } = this.options;
    if (!platformGiven) return ofBase;
    const { os, architecture, variant } = targetPlatform;
    const same = os === ofBase.os && architecture === ofBase.architecture;
    return same && variant === undefined ? ofBase : targetPlatform;
  }

  #stage(stage: Stage): Promise<ImageDraft> {
    let planned = this.#planned.get(stage.index);
    if (planned === undefined) {
      planned = this.#planStage(stage);
      this.#planned.set(stage.index, planned);
    }
    return planned;
  }

  async #planStage(stage: Stage): Promise<ImageDraft> {
    const instead = await this.#bases.instead(stage);
    if (instead !== undefined) {
      const draft = this.#draft(instead);
      this.#begin(stage, draft, false);
      return draft;
    }
    const base = await this.#base(stage);
    const draft = this.#draft(base);
    // As if ENV stood first: instructions see it and may set another value. A stage on a stage has it already.
    if (base.stage === undefined)
      for (const [name, value] of this.options.edits.env ?? []) draft.variables.setEnv(name, value);
    const place = this.#bases.placeOf(stage);
    const triggers = (base.config.OnBuild ?? []).map((trigger) => parseOnBuild(trigger, place));
    this.#begin(stage, draft, stage.instructions.length + triggers.length > 0);
    this.#graph.expect(stage, [...triggers, ...stage.instructions]);
    for (const trigger of triggers)
      await this.#planInstruction(new StagePlanner(stage, draft, this, trigger, place), trigger);
    for (const instruction of stage.instructions)
      await this.#planInstruction(new StagePlanner(stage, draft, this, instruction), instruction);
    return draft;
  }

  #draft(base: DraftBase): ImageDraft {
    const draft = new ImageDraft(base);
    if (this.options.edits.inheritLabels === false) draft.dropLabels();
    return draft;
  }

  async #planInstruction(planner: StagePlanner, instruction: Instruction): Promise<void> {
    await this.#planByKind(planner, instruction);
    planner.checkHistory();
  }

  async #planByKind(planner: StagePlanner, instruction: Instruction): Promise<void> {
    switch (instruction.kind) {
      case "run":
        return planRun(planner, instruction);
      case "copy":
      case "add":
        return planTransfer(planner, instruction);
      case "workdir":
        planWorkdir(planner, instruction);
        return;
      default:
        planConfig(planner, instruction, this.#globals.values);
    }
  }

  /** What FROM means: a named context, an earlier stage, nothing (`scratch`), or an image. */
  async #base(stage: Stage): Promise<DraftBase> {
    const from = this.#bases.from(stage);
    if (from.name === "scratch") return this.#bases.scratch(from.platform);
    const context = await this.#bases.context(stage, from);
    if (context !== undefined) return context;
    const earlier = this.#stages.continued(stage, from.name);
    if (earlier !== undefined) return (await this.#stage(earlier)).asBase();
    return this.#bases.image(stage, from);
  }

  async findSource(name: string, stage: Stage, place: SourceLocation): Promise<FoundSource> {
    if (name === "scratch") return { vertex: this.#graph.scratch() };
    const { targetPlatform } = this.options;
    const context = await this.#bases.namedContext(name, targetPlatform, place);
    if (context?.kind === "tree") return { context: context.name };
    if (context?.kind === "scratch") return { vertex: this.#graph.scratch() };
    const found = context === undefined ? this.#stages.source(stage, name, place) : undefined;
    if (found !== undefined) return { vertex: (await this.#stage(found)).head };
    const image = context?.image ?? (await this.#bases.resolve(name, targetPlatform, place));
    return {
      vertex: this.#graph.image(image, `[${stageLabel(stage)}] FROM ${image.reference}`, place),
    };
  }

  addVertex(kind: string, inputs: readonly VertexId[], op: Json, shown: ShownStep): VertexId {
    return this.#graph.add(kind, inputs, op, shown);
  }

  report(findings: readonly Finding[]): void {
    this.options.report(findings);
  }
}

function isReference(text: string): boolean {
  if (wholeId(text) !== undefined) return true;
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (error instanceof TsbuildError) return false;
    throw error;
  }
}
