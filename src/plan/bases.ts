// SPDX-License-Identifier: Apache-2.0
// What FROM says, and what the names of contexts and images lead to.

import {
  TsbuildError,
  defined,
  didYouMean,
  type SourceLocation,
  type SourceRange,
} from "../base/index.js";
import { checkBasePlatform, expandWord } from "../dockerfile/index.js";
import type { Stage } from "../dockerfile/index.js";
import { formatPlatform, parsePlatform, type Platform } from "../oci/index.js";
import { scopeOf, type GlobalArgs } from "./global-args.js";
import { stageLabel, type GraphDraft } from "./graph-draft.js";
import type { DraftBase } from "./image-draft.js";
import { plainCopy } from "./plain-copy.js";
import type { Stages } from "./stages.js";
import type { NamedContext, PlanOptions, ResolvedImage } from "./types.js";

/** The words of a FROM, expanded. */
export interface From {
  readonly name: string;
  readonly platform: Platform;
  readonly place: SourceLocation;
}

/** Finds what stages begin with. Whatever goes wrong has the place of what asked for it. */
export class Bases {
  readonly #options: PlanOptions;
  readonly #graph: GraphDraft;
  readonly #stages: Stages;
  readonly #globals: GlobalArgs;

  constructor(options: PlanOptions, graph: GraphDraft, stages: Stages, globals: GlobalArgs) {
    this.#options = options;
    this.#graph = graph;
    this.#stages = stages;
    this.#globals = globals;
  }

  placeOf({ from }: Stage): SourceLocation {
    const { file, text } = this.#options.dockerfile.source;
    return { file, text, range: from.range };
  }

  /** Throws PLAN_BLANK_IMAGE, PLAN_BAD_PLATFORM, DOCKERFILE_* from expansion. */
  from(stage: Stage): From {
    const { from } = stage;
    const place = this.placeOf(stage);
    const name =
      (stage.index === 0 ? this.#options.firstBase : undefined) ?? this.#expand(from.image);
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

  /** The context of the stage's own name, which is there in its place, however the stage is asked for. */
  async instead(stage: Stage): Promise<DraftBase | undefined> {
    if (stage.name === undefined) return undefined;
    const place = this.placeOf(stage);
    return this.context(stage, { name: stage.name, platform: this.#platform(stage, place), place });
  }

  /** The named context that a FROM begins with, if it is one. */
  async context(stage: Stage, { name, platform, place }: From): Promise<DraftBase | undefined> {
    const context = await this.namedContext(name, platform, place);
    if (context?.kind === "image") return this.#imageBase(stage, context.image, platform, place);
    if (context?.kind === "scratch") return this.scratch(platform);
    if (context?.kind === "tree") return this.#treeBase(stage, context.name, platform, place);
    return undefined;
  }

  /** The image that a FROM begins with. */
  async image(stage: Stage, { name, platform, place }: From): Promise<DraftBase> {
    const image = await this.resolve(name, platform, place);
    return this.#imageBase(stage, image, platform, place);
  }

  scratch(platform: Platform): DraftBase {
    return {
      head: this.#graph.scratch(),
      platform,
      config: { WorkingDir: "/" },
      baseHistory: [],
    };
  }

  async namedContext(
    name: string,
    platform: Platform,
    place: SourceLocation,
  ): Promise<NamedContext | undefined> {
    try {
      return await this.#options.environment.namedContext(name, platform);
    } catch (error) {
      throw error instanceof TsbuildError ? error.at(place) : error;
    }
  }

  /** An image by its reference. When it cannot be had, a misspelt stage may be what was meant. */
  async resolve(
    name: string,
    platform: Platform,
    location: SourceLocation,
  ): Promise<ResolvedImage> {
    try {
      return await this.#options.environment.resolveImage(name, platform);
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error;
      const below = this.#stages.named(name);
      const guess = below === undefined ? didYouMean(name, this.#stages.names) : "";
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

  #expand(word: { text: string; range: SourceRange }): string {
    const { source } = this.#options.dockerfile;
    const { values, declared } = this.#globals;
    return expandWord(word, scopeOf(values), { source, declared: (name) => declared.has(name) })
      .value;
  }

  /** What FROM --platform says. Its own name for a platform is told as it stands, with the arguments that were meant. */
  #platform({ from }: Stage, location: SourceLocation): Platform {
    const written = from.platform;
    // Written and blank is like not written; a variable that is blank is a mistake.
    if (written === undefined || written.text === "") return this.#options.targetPlatform;
    const text = this.#expand(written);
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

  #imageBase(
    stage: Stage,
    image: ResolvedImage,
    platform: Platform,
    place: SourceLocation,
  ): DraftBase {
    const { config } = image;
    this.#options.report(
      checkBasePlatform(
        this.#options.dockerfile,
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
        ...defined({ "os.version": config["os.version"] }),
      },
      config: config.config ?? {},
      ...defined({ author: config.author }),
      baseHistory: config.history ?? [],
    };
  }

  /** FROM a context of files: all of them, on nothing. */
  #treeBase(stage: Stage, context: string, platform: Platform, place: SourceLocation): DraftBase {
    const scratch = this.scratch(platform);
    const op = plainCopy({ from: "context", name: context }, "/");
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
}
