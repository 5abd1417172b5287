// SPDX-License-Identifier: Apache-2.0
// The images that a target needs are asked for side by side: a registry takes several answers for each, and planning comes to them
// one after another.

import { eachAtOnce } from "../base/index.js";
import { sourcesOf, type Stage } from "../dockerfile/index.js";
import type { Platform } from "../oci/index.js";
import type { Bases } from "./bases.js";
import type { Stages } from "./stages.js";
import type { PlanOptions } from "./types.js";

/** Images that are asked for at once. */
const atOnce = 8;

/** What the names of a Dockerfile mean. */
interface Names {
  readonly stages: Stages;
  readonly bases: Bases;
}

type Outside = Pick<PlanOptions, "environment" | "targetPlatform">;

interface Wanted {
  readonly name: string;
  readonly platform: Platform;
}

/**
 * Asks for them until `signal` says that planning is at its end. What goes wrong here goes wrong again where the image is needed,
 * and is told there, with its place.
 */
export function askAhead(
  targets: readonly Stage[],
  names: Names,
  outside: Outside,
  signal: AbortSignal,
): void {
  const images = imagesOf(targets, names, outside);
  eachAtOnce(images, atOnce, signal, async ({ name, platform }) => {
    await outside.environment.resolveImage(name, platform);
  }).catch(() => undefined);
}

/** As far as the text tells: triggers of base images may want more. */
async function* imagesOf(
  targets: readonly Stage[],
  { stages, bases }: Names,
  { environment, targetPlatform }: Outside,
): AsyncGenerator<Wanted> {
  const isContext = async ({ name, platform }: Wanted): Promise<boolean> =>
    (await environment.namedContext(name, platform)) !== undefined;
  const seen = new Set<Stage>();
  const open = [...targets];
  for (let stage = open.pop(); stage !== undefined; stage = open.pop()) {
    if (seen.has(stage)) continue;
    seen.add(stage);
    const base = bases.from(stage);
    if (stage.name !== undefined && (await isContext({ ...base, name: stage.name }))) continue;
    const others = sourcesOf(stage).map((name) => ({ name, platform: targetPlatform }));
    for (const wanted of [base, ...others]) {
      const { name } = wanted;
      if (name === "scratch" || name.includes("$") || (await isContext(wanted))) continue;
      const earlier = stages.earlier(stage, name);
      if (earlier !== undefined) open.push(earlier);
      else if (!stages.mayBeStage(name)) yield wanted;
    }
  }
}
