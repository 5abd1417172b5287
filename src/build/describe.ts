// SPDX-License-Identifier: Apache-2.0
// `--check` and `--call`: what can be said of a Dockerfile without building it.

import { CleanupStack, TsbuildError, type EventSink } from "../base/index.js";
import {
  checkDockerfile,
  describeOutline,
  describeTargets,
  failOnFindings,
  sortFindings,
  type Dockerfile,
  type Finding,
  type Outline,
  type Source,
  type TargetDescription,
} from "../dockerfile/index.js";
import { hostPlatform, parsePlatform } from "../oci/index.js";
import { platformArgs } from "../plan/index.js";
import { planOf, wishOf } from "./plans.js";
import { prepareBuild, type PreparedBuild } from "./prepare.js";
import type { BuildRequest } from "./request.js";

/** What `--call=check` finds. `error`: a hard error that ended the reading or planning. */
export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly error?: TsbuildError;
}

export type Description = {
  /** The Dockerfile. */
  readonly source: Source;
} & (
  | { readonly call: "check"; readonly report: CheckReport }
  | { readonly call: "outline"; readonly outline: Outline }
  | { readonly call: "targets"; readonly targets: readonly TargetDescription[] }
);

/** Describes the Dockerfile of a request. Nothing runs; base images are resolved, since their configurations matter. */
export async function describe(
  call: Description["call"],
  request: BuildRequest,
): Promise<Description> {
  const signal = request.signal ?? new AbortController().signal;
  const events: EventSink = request.events ?? (() => undefined);
  await using cleanup = new CleanupStack();
  const prepared = await prepareBuild(request, events, signal, cleanup);
  const { dockerfile, error } = prepared.parsed;
  const { source } = dockerfile;
  if (call === "check") return { call, source, report: await check(prepared) };
  if (error !== undefined) throw error;
  if (call === "targets") return { call, source, targets: describeTargets(dockerfile) };
  const plan = planOf(await prepared.plan(wishOf(request)));
  const stage = dockerfile.stages.find(({ name, index }) =>
    plan.stageName === undefined ? index === dockerfile.stages.length - 1 : name === plan.stageName,
  );
  if (stage === undefined) throw new RangeError("the planned stage is in the Dockerfile");
  const [first] = request.platforms ?? [];
  const target = first === undefined ? hostPlatform() : parsePlatform(first);
  const platform = platformArgs(target, hostPlatform(), plan.stageName ?? "");
  const outline = describeOutline(dockerfile, stage, prepared.buildArgs, platform);
  return { call, source, outline };
}

/** Findings of the target and what it needs; without a target, of all stages. */
async function check(prepared: PreparedBuild): Promise<CheckReport> {
  const { request } = prepared;
  const { dockerfile, error } = prepared.parsed;
  if (error !== undefined) return { findings: sortFindings(checkDockerfile(dockerfile)), error };
  const wish = request.target === undefined ? { everyStage: true } : wishOf(request);
  const { findings, error: failure } = await prepared.plan(wish);
  return {
    findings,
    ...(failure === undefined ? violation(dockerfile, findings) : { error: failure }),
  };
}

/** The error that a Dockerfile asks for when checks find something. */
function violation(
  { check }: Dockerfile,
  findings: readonly Finding[],
): { readonly error?: TsbuildError } {
  try {
    failOnFindings(check, findings);
    return {};
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    return { error };
  }
}
