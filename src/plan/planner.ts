// SPDX-License-Identifier: Apache-2.0
// From a parsed Dockerfile to a graph. Stages are planned on demand, from the target backwards: a stage that nothing
// needs is never planned, its images are never resolved.

import {
  TsbuildError,
  didYouMean,
  type Json,
  type SourceLocation,
  type SourceRange,
} from "../base/index.js";
import {
  checkBasePlatform,
  checkDefaultArgs,
  expandWord,
  parseOnBuild,
} from "../dockerfile/index.js";
import type { Finding, Instruction, Stage } from "../dockerfile/index.js";
import {
  formatPlatform,
  parsePlatform,
  parseReference,
  wholeId,
  type Platform,
} from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import { askAhead, type StageNames } from "./ask-ahead.js";
import { planConfig } from "./config-instructions.js";
import { globalArgs, platformArgs, scopeOf } from "./global-args.js";
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
import type {
  CopyOp,
  Plan,
  PlannedImage,
  PlannedStage,
  PlanOptions,
  ResolvedImage,
  ScanWish,
} from "./types.js";
import { isProxyName } from "./variables.js";
import { planWorkdir } from "./workdir.js";

/** The comment of every history entry: what tools look for to tell such a history from the classic one. */
export const historyComment = "buildkit.dockerfile.v0";

/** Characters that all words of a Dockerfile may come to once variables are in them: each is limited, but there may be many. */
const maxText = 1 << 28;

/** Build arguments that steer the builder and need no ARG. */
const builderArgs = /^(?:BUILDKIT_|SOURCE_DATE_EPOCH$)/;

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
  readonly #stages: readonly Stage[];
  /** Indices of the stages of each name. */
  readonly #named = new Map<string, number[]>();
  readonly #planned = new Map<number, Promise<ImageDraft>>();
  /** What is known of stages whose images are wanted, but for these. */
  readonly #beginnings = new Map<number, Omit<PlannedStage, "image">>();
  readonly #globals: ReturnType<typeof globalArgs>;
  #textLeft = maxText;
  readonly #target: Stage;

  constructor(options: PlanOptions) {
    this.options = options;
    this.#graph = new GraphDraft(options);
    this.#stages = options.dockerfile.stages;
    for (const { name, index } of this.#stages) {
      if (name === undefined) continue;
      const indices = this.#named.get(name);
      if (indices === undefined) this.#named.set(name, [index]);
      else indices.push(index);
    }
    this.#target = this.#findTarget();
    const { targetPlatform, buildPlatform, buildArgs, dockerfile } = options;
    const stageName = options.target ?? this.#target.name ?? "default";
    this.#globals = globalArgs(
      dockerfile,
      platformArgs(targetPlatform, buildPlatform, stageName),
      buildArgs,
    );
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
    for (const stage of this.#stages) this.#from(stage);
    const planned = new AbortController();
    const wanted = this.options.everyStage === true ? this.#stages : [this.#target];
    askAhead(wanted, this.#names(), this.options, planned.signal);
    try {
      return await this.#plan();
    } finally {
      planned.abort();
    }
  }

  #names(): StageNames {
    return {
      from: (stage) => this.#from(stage),
      earlier: (stage, name) => this.#earlier(stage, name),
      mayBeStage: (name) => this.#named.has(name.toLowerCase()) || isNumber(name),
    };
  }

  async #plan(): Promise<Plan> {
    if (this.options.everyStage === true)
      for (const stage of this.#stages) await this.#stage(stage);
    const draft = await this.#stage(this.#target);
    this.#reportUnusedArgs();
    const { name } = this.#target;
    const finished = draft.finish(this.options.labels, this.options.edits);
    const image = { ...finished, platform: this.#imagePlatform(finished.platform) };
    const { scan } = this.options;
    return {
      graph: this.#graph.vertices,
      image,
      stageImages: await this.#stageImages(image),
      ...(scan === undefined ? {} : { scan: await this.#scan(scan) }),
      ...(name === undefined ? {} : { stageName: name }),
      stages: new Set(this.#planned.keys()),
    };
  }

  async #scan(scan: ScanWish): Promise<VertexId> {
    const stages: ScannedStage[] = [];
    for (const [index, planned] of this.#planned) {
      const stage = this.#stages[index];
      if (stage !== undefined) stages.push({ stage, draft: await planned });
    }
    const target = stages.find(({ stage }) => stage === this.#target);
    if (target === undefined) throw new RangeError("the target is planned first");
    return planScan(scan, this.options, this.#graph, {
      target,
      others: stages.filter((stage) => stage !== target),
      globals: this.#globals.values,
      location: this.#placeOf(this.#target),
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
    const base = this.#from(stage).name;
    const baseStage = this.#continued(stage, base);
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

  #findTarget(): Stage {
    const { target } = this.options;
    const last = this.#stages.at(-1);
    if (last === undefined) throw new RangeError("a Dockerfile has at least one stage");
    if (target === undefined || target === "") return last;
    const named = this.#stages.findLast(({ name }) => name === target.toLowerCase());
    const indexed = isNumber(target) ? this.#stages[Number(target)] : undefined;
    const found = named ?? indexed;
    if (found !== undefined) return found;
    const names = this.#stageNames();
    throw new TsbuildError(
      "PLAN_UNKNOWN_TARGET",
      `target stage ${JSON.stringify(target)} could not be found${didYouMean(target, names)}`,
      {
        hint:
          names.length === 0
            ? "No stage of this Dockerfile has a name."
            : `Stages: ${names.join(", ")}.`,
      },
    );
  }

  #stageNames(): string[] {
    return this.#stages.flatMap(({ name }) => (name === undefined ? [] : [name]));
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
    const place = this.#placeOf(stage);
    // A context of the stage's own name is there in its place, however the stage is asked for.
    const instead =
      stage.name === undefined
        ? undefined
        : await this.#contextBase(stage, stage.name, this.#platform(stage, place), place);
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

  /** The words of a FROM, expanded. */
  #from(stage: Stage): { name: string; platform: Platform; place: SourceLocation } {
    const { from } = stage;
    const place = this.#placeOf(stage);
    const name =
      (stage.index === 0 ? this.options.firstBase : undefined) ?? this.#expandGlobal(from.image);
    if (name === "")
      throw new TsbuildError(
        "PLAN_BLANK_IMAGE",
        `base name (${from.image.text}) should not be blank`,
        {
          location: place,
          hint: "Give the ARG a default before FROM, or pass it with --build-arg.",
        },
      );
    return { name, platform: this.#platform(stage, place), place };
  }

  #placeOf({ from }: Stage): SourceLocation {
    const { file, text } = this.options.dockerfile.source;
    return { file, text, range: from.range };
  }

  /** What FROM means: a named context, an earlier stage, nothing (`scratch`), or an image. */
  async #base(stage: Stage): Promise<DraftBase> {
    const { name, platform, place } = this.#from(stage);
    if (name === "scratch") return this.#scratch(platform);
    const context = await this.#contextBase(stage, name, platform, place);
    if (context !== undefined) return context;
    const earlier = this.#continued(stage, name);
    if (earlier !== undefined) return (await this.#stage(earlier)).asBase();
    const image = await this.#resolve(name, platform, place);
    return this.#imageBase(stage, image, platform, place);
  }

  /** The earlier stage that a FROM's name is one of. */
  #continued(stage: Stage, name: string): Stage | undefined {
    const index = this.#named.get(name.toLowerCase())?.findLast((earlier) => earlier < stage.index);
    return index === undefined ? undefined : this.#stages[index];
  }

  #expandGlobal(word: { text: string; range: SourceRange }): string {
    const { source } = this.options.dockerfile;
    const declared = (name: string): boolean => this.#globals.declared.has(name);
    return expandWord(word, scopeOf(this.#globals.values), { source, declared }).value;
  }

  /** What FROM --platform says. Its own name for a platform is told as it stands, with the arguments that were meant. */
  #platform({ from }: Stage, location: SourceLocation): Platform {
    const written = from.platform;
    // Written and blank is like not written; a variable that is blank is a mistake.
    if (written === undefined || written.text === "") return this.options.targetPlatform;
    const text = this.#expandGlobal(written);
    const declared = new Set([...this.#globals.values.keys(), ...this.#globals.declared]);
    const guess = [...written.text.matchAll(/\$\{?(\w+)/g)]
      .filter(([, name = ""]) => !declared.has(name))
      .map(([, name = ""]) => didYouMean(name, declared))
      .find((found) => found !== "");
    const refuse = (why: string, cause?: TsbuildError): TsbuildError =>
      new TsbuildError("PLAN_BAD_PLATFORM", `${why}${guess ?? ""}`, {
        location,
        ...(cause?.hint === undefined ? {} : { hint: cause.hint }),
        cause,
      });
    if (text === "") throw refuse(`empty platform value from expression ${written.text}`);
    try {
      return parsePlatform(text);
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error;
      throw refuse(`failed to parse platform ${written.text}: ${error.message}`, error);
    }
  }

  async #contextBase(
    stage: Stage,
    name: string,
    platform: Platform,
    place: SourceLocation,
  ): Promise<DraftBase | undefined> {
    const context = await at(place, this.options.environment.namedContext(name, platform));
    if (context?.kind === "image") return this.#imageBase(stage, context.image, platform, place);
    if (context?.kind === "scratch") return this.#scratch(platform);
    if (context?.kind === "tree") return this.#treeBase(stage, context.name, platform, place);
    return undefined;
  }

  #scratch(platform: Platform): DraftBase {
    const config = { WorkingDir: "/" };
    return {
      head: this.#graph.scratch(),
      platform,
      config,
      baseHistory: [],
    };
  }

  #imageBase(
    stage: Stage,
    image: ResolvedImage,
    platform: Platform,
    place: SourceLocation,
  ): DraftBase {
    const { config } = image;
    this.report(
      checkBasePlatform(
        this.options.dockerfile,
        stage.from,
        image.reference,
        formatPlatform(platform),
        formatPlatform(config),
      ),
    );
    return {
      head: this.#graph.image(image, `[${stageLabel(stage)}] FROM ${image.reference}`, place),
      image,
      platform: {
        ...platform,
        os: config.os,
        architecture: config.architecture,
        ...(config["os.version"] === undefined ? {} : { "os.version": config["os.version"] }),
      },
      config: config.config ?? {},
      ...(config.author === undefined ? {} : { author: config.author }),
      baseHistory: config.history ?? [],
    };
  }

  /** FROM a context of files: all of them, on nothing. */
  #treeBase(stage: Stage, context: string, platform: Platform, place: SourceLocation): DraftBase {
    const scratch = this.#scratch(platform);
    const op: CopyOp = {
      command: "COPY",
      sources: [{ kind: "path", root: { from: "context", name: context }, pattern: "/" }],
      destination: "/",
      directory: true,
      link: false,
      parents: false,
      exclude: [],
      unpack: "none",
      keepOwners: false,
    };
    const head = this.#graph.add("copy", [scratch.head], op, {
      stage,
      text: `FROM ${context}`,
      place,
      apart: true,
    });
    return {
      ...scratch,
      head,
      history: [{ createdBy: `COPY ${context} / # buildkit`, vertex: head }],
    };
  }

  async findSource(name: string, stage: Stage, place: SourceLocation): Promise<FoundSource> {
    if (name === "scratch") return { vertex: this.#graph.scratch() };
    const context = await at(
      place,
      this.options.environment.namedContext(name, this.options.targetPlatform),
    );
    if (context?.kind === "tree") return { context: context.name };
    if (context?.kind === "scratch") return { vertex: this.#graph.scratch() };
    const found = context === undefined ? this.#sourceStage(name, stage, place) : undefined;
    if (found !== undefined) return { vertex: (await this.#stage(found)).head };
    const image = context?.image ?? (await this.#resolve(name, this.options.targetPlatform, place));
    return {
      vertex: this.#graph.image(image, `[${stageLabel(stage)}] FROM ${image.reference}`, place),
    };
  }

  /** An image by its reference. When it cannot be had, a misspelt stage may be what was meant. */
  async #resolve(
    name: string,
    platform: Platform,
    location: SourceLocation,
  ): Promise<ResolvedImage> {
    try {
      return await this.options.environment.resolveImage(name, platform);
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error;
      const below = this.#stages.find((stage) => stage.name === name.toLowerCase());
      const guess = below === undefined ? didYouMean(name, this.#stageNames()) : "";
      const { code, message, details, cause } = error;
      throw new TsbuildError(code, `${name}: ${message}${guess}`, {
        location,
        details,
        cause,
        hint:
          below === undefined
            ? (error.hint ??
              "No stage of this name stands above, so it was looked for as an image.")
            : `The stage ${name} stands below (line ${below.from.range.startLine}); FROM sees those above.`,
      });
    }
  }

  /** The stage above that the source of a COPY or a mount may be. */
  #earlier(stage: Stage, name: string): Stage | undefined {
    return this.#stages.slice(0, stage.index).findLast(isStage(name));
  }

  #sourceStage(name: string, stage: Stage, location: SourceLocation): Stage | undefined {
    const earlier = this.#earlier(stage, name);
    if (earlier !== undefined) return earlier;
    const isWanted = isStage(name);
    const later = this.#stages.slice(stage.index).find(isWanted);
    if (later === stage)
      throw new TsbuildError(
        "PLAN_CIRCULAR",
        `circular dependency detected on stage: ${name} cannot copy from itself`,
        { location },
      );
    if (later !== undefined)
      throw new TsbuildError(
        "PLAN_FORWARD_REFERENCE",
        `cannot copy from stage ${JSON.stringify(name)} (line ${later.from.range.startLine}): it needs to be defined before current stage`,
        { location, hint: "Move the stage up." },
      );
    if (isNumber(name))
      throw new TsbuildError("PLAN_UNKNOWN_STAGE", `there is no stage with index ${name}`, {
        location,
      });
    return undefined;
  }

  addVertex(kind: string, inputs: readonly VertexId[], op: Json, shown: ShownStep): VertexId {
    return this.#graph.add(kind, inputs, op, shown);
  }

  report(findings: readonly Finding[]): void {
    this.options.report(findings);
  }

  #reportUnusedArgs(): void {
    const declared = new Set(this.#globals.declared);
    for (const stage of this.#stages)
      for (const instruction of stage.instructions)
        if (instruction.kind === "arg")
          for (const { name } of instruction.args) declared.add(name.text);
    // A name that is put together from variables may be any.
    if ([...declared].some((name) => name.includes("$"))) return;
    const platform = new Set(this.#globals.values.keys());
    const unused = [...this.options.buildArgs.keys()].filter(
      (name) =>
        !declared.has(name) && !platform.has(name) && !isProxyName(name) && !builderArgs.test(name),
    );
    for (const name of unused)
      this.options.warn({
        kind: "warning",
        message: `build argument ${name} was not consumed by any ARG${didYouMean(name, declared)}`,
      });
  }
}

/** Whether a stage is the one of a name or an index. */
function isStage(text: string): (stage: Stage) => boolean {
  const wanted = text.toLowerCase();
  const number = isNumber(text) ? Number(text) : undefined;
  return ({ name, index }) => name === wanted || index === number;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
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

/** The promise, with a place for its error. */
async function at<T>(location: SourceLocation, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof TsbuildError ? error.at(location) : error;
  }
}
