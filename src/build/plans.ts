// SPDX-License-Identifier: Apache-2.0
// The plan of a build: one for each platform, merged, with what build checks find on the way.

import { defined, TsbuildError, type EventSink } from "../base/index.js";
import type { LoadedContext } from "../context/index.js";
import {
  checkDockerfile,
  sortFindings,
  type Dockerfile,
  type Finding,
} from "../dockerfile/index.js";
import { hostPlatform, type Platform } from "../oci/index.js";
import {
  mergePlans,
  planBuild,
  type MergedPlan,
  type Plan,
  type PlanEnvironment,
  type PlanOptions,
  type PlatformPlan,
} from "../plan/index.js";
import type { ImageResolver } from "../steps/index.js";
import { PlatformSurvey } from "./all-platforms.js";
import { textOf } from "./arguments.js";
import type { BuildRequest } from "./request.js";

/** A plan, or the error that ended the planning, with everything that build checks have to say of it, in order of place. */
export type CheckedPlan = { readonly findings: readonly Finding[] } & (
  { readonly plan: MergedPlan; readonly error?: undefined } | { readonly error: TsbuildError }
);

/** The plan, or its error thrown. */
export function planOf(planned: CheckedPlan): MergedPlan {
  if (planned.error !== undefined) throw planned.error;
  return planned.plan;
}

/** What is to be planned. `target` absent: the last stage. `everyStage`: the others, too. */
export type PlanWish = Pick<PlanOptions, "target" | "scan" | "everyStage">;

/** The stage that a request names. */
export function wishOf({ target }: BuildRequest): PlanWish {
  return target === undefined || target === "" ? {} : { target };
}

/** What plans are made from. */
export interface PlanSources {
  readonly request: BuildRequest;
  readonly dockerfile: Dockerfile;
  readonly ignore: LoadedContext["ignore"];
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Those of the request. */
  readonly platforms: readonly [Platform, ...Platform[]];
  readonly images: ImageResolver;
  /** What a plan asks of the outside, when its images are found so. */
  readonly environmentOf: (images: Pick<ImageResolver, "reference" | "layout">) => PlanEnvironment;
  readonly events: EventSink;
}

/** Plans what is wished for every platform. Errors in the outcome: PLAN_*, those of base images, all with their place. */
export async function checkedPlan(sources: PlanSources, wish: PlanWish): Promise<CheckedPlan> {
  const { request, dockerfile, images } = sources;
  const findings: Finding[] = [];
  const targets =
    request.allPlatforms === true ? await allPlatforms(sources, wish) : sources.platforms;
  const planFor = async (targetPlatform: Platform): Promise<PlatformPlan> => {
    const plan = await planBuild({
      ...planOptions(sources, wish, targetPlatform),
      environment: sources.environmentOf(images),
      // What it warns of is the same for all of them.
      warn: targetPlatform === targets[0] ? sources.events : () => undefined,
      report: (found) => {
        for (const finding of found) findings.push(finding);
      },
    });
    for (const finding of checkStages(dockerfile, plan)) findings.push(finding);
    return { platform: targetPlatform, plan };
  };
  try {
    const merged = mergePlans(await Promise.all(targets.map(planFor)));
    return { plan: merged, findings: sortFindings(findings) };
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    return { error, findings: sortFindings([...textFindings(dockerfile), ...findings]) };
  }
}

/** The platforms that all base images of a plan have. Errors: BUILD_NO_PLATFORMS, those of planning. */
async function allPlatforms(
  sources: PlanSources,
  wish: PlanWish,
): Promise<readonly [Platform, ...Platform[]]> {
  const survey = new PlatformSurvey(sources.images);
  await planBuild({
    ...planOptions(sources, wish, hostPlatform()),
    environment: sources.environmentOf(survey),
    warn: () => undefined,
    report: () => undefined,
  });
  return survey.platforms();
}

function planOptions(
  { request, dockerfile, ignore, buildArgs }: PlanSources,
  wish: PlanWish,
  targetPlatform: Platform,
): Omit<PlanOptions, "environment" | "warn" | "report"> {
  return {
    dockerfile,
    ...wish,
    targetPlatform,
    platformGiven: (request.platforms ?? []).length > 0 || request.allPlatforms === true,
    buildPlatform: hostPlatform(),
    buildArgs,
    labels: request.labels ?? {},
    edits: request.edits ?? {},
    noCache: request.noCache ?? false,
    network: request.network ?? "default",
    allow: request.allow ?? [],
    ...defined({
      stageImages: request.keepStages,
      firstBase: request.from === "" ? undefined : request.from,
      maxAge: request.cacheMaxAge,
      hostname: textOf(buildArgs, "BUILDKIT_SANDBOX_HOSTNAME"),
    }),
    ...(ignore.hasExceptions ? {} : { ignored: (path: string) => ignore.ignored(path) }),
  };
}

function checkStages(dockerfile: Dockerfile, plan: Plan): readonly Finding[] {
  return checkDockerfile(dockerfile, { stages: ({ index }) => plan.stages.has(index) });
}

/** What the text alone tells. Where it is wrong, planning has said so at the right place. */
function textFindings(dockerfile: Dockerfile): readonly Finding[] {
  try {
    return checkDockerfile(dockerfile);
  } catch (error) {
    if (error instanceof TsbuildError) return [];
    throw error;
  }
}
