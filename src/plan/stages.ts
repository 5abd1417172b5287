// SPDX-License-Identifier: Apache-2.0
// The stages of a Dockerfile, by what FROM, --from and --target call them: a name, of which the last one above counts, or,
// but for FROM, an index.

import { TsbuildError, didYouMean, type SourceLocation } from "../base/index.js";
import type { Stage } from "../dockerfile/index.js";

export class Stages {
  readonly all: readonly Stage[];
  readonly #named = new Map<string, Stage[]>();

  constructor(stages: readonly Stage[]) {
    this.all = stages;
    for (const stage of stages) {
      if (stage.name === undefined) continue;
      const sameName = this.#named.get(stage.name);
      if (sameName === undefined) this.#named.set(stage.name, [stage]);
      else sameName.push(stage);
    }
  }

  /** The names that stages have, in the order of the file. */
  get names(): string[] {
    return this.all.flatMap(({ name }) => (name === undefined ? [] : [name]));
  }

  /** The stage that is built: the last one, unless `--target` tells. Throws PLAN_UNKNOWN_TARGET. */
  target(wanted: string | undefined): Stage {
    const last = this.all.at(-1);
    if (last === undefined) throw new RangeError("a Dockerfile has at least one stage");
    if (wanted === undefined || wanted === "") return last;
    const named = this.#named.get(wanted.toLowerCase())?.at(-1);
    const found = named ?? (isNumber(wanted) ? this.all[Number(wanted)] : undefined);
    if (found !== undefined) return found;
    const { names } = this;
    throw new TsbuildError(
      "PLAN_UNKNOWN_TARGET",
      `target stage ${JSON.stringify(wanted)} could not be found${didYouMean(wanted, names)}`,
      {
        hint:
          names.length === 0
            ? "No stage of this Dockerfile has a name."
            : `Stages: ${names.join(", ")}.`,
      },
    );
  }

  /** The stage of a name, wherever it stands. */
  named(name: string): Stage | undefined {
    return this.#named.get(name.toLowerCase())?.[0];
  }

  /** The stage above that the name in a FROM means. */
  continued(stage: Stage, name: string): Stage | undefined {
    return this.#named.get(name.toLowerCase())?.findLast(({ index }) => index < stage.index);
  }

  /** The stage above that the source of a COPY or a mount means. */
  earlier(stage: Stage, name: string): Stage | undefined {
    return this.all.slice(0, stage.index).findLast(isCalled(name));
  }

  /** Whether a name that means no stage above is a mistake rather than an image. */
  mayBeStage(name: string): boolean {
    return this.named(name) !== undefined || isNumber(name);
  }

  /**
   * The same as `earlier`, where what is no stage above may be an image (undefined). Throws PLAN_CIRCULAR,
   * PLAN_FORWARD_REFERENCE, PLAN_UNKNOWN_STAGE for what cannot be meant.
   */
  source(stage: Stage, name: string, location: SourceLocation): Stage | undefined {
    const earlier = this.earlier(stage, name);
    if (earlier !== undefined) return earlier;
    const later = this.all.slice(stage.index).find(isCalled(name));
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
}

function isCalled(text: string): (stage: Stage) => boolean {
  const wanted = text.toLowerCase();
  const number = isNumber(text) ? Number(text) : undefined;
  return ({ name, index }) => name === wanted || index === number;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
