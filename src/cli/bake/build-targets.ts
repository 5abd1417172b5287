// SPDX-License-Identifier: Apache-2.0
// The builds of targets, side by side, each after those whose images it takes.

import { Readable } from "node:stream";
import { Command } from "commander";
import pLimit from "p-limit";
import { build, type BuildRequest, type BuildResult } from "../../build.js";
import { inputsOf, type BakeTarget } from "../../bake/index.js";
import { TsbuildError, type EventSink } from "../../base/index.js";
import { idOf } from "../commands/metadata.js";
import { addBuildFlags, type BuildFlags } from "../options/build-flags.js";
import { requestOf } from "../options/request.js";
import { argumentsOf, imageArgumentsOf } from "./arguments.js";
import { eventsOf } from "./events.js";
import { readFileOfTargets } from "./files.js";
import { repositorySecrets } from "./repository.js";
import { together } from "./together.js";

export type Targets = ReadonlyMap<string, BakeTarget>;

/** The request of a command line. Errors: CLI_USAGE. */
function requestFor(
  target: BakeTarget,
  words: readonly string[],
  events: EventSink,
  signal: AbortSignal,
): BuildRequest {
  // Rules that would go unheard are worse than none.
  if (target.policy?.some(({ disabled }) => !disabled) === true)
    throw new TsbuildError("CLI_USAGE", `target ${target.name}: policy is not supported`, {
      hint: "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names a file of rules (docs/policy.md).",
    });
  const command = addBuildFlags(new Command().argument("[context]")).exitOverride();
  command.parse(words, { from: "user" });
  const request = requestOf(target.context, command.opts<BuildFlags>(), events, signal);
  return {
    ...request,
    secrets: [...(request.secrets ?? []), ...repositorySecrets(target.repository, process.env)],
    stdin: Readable.from(dockerfileOf(target), { objectMode: false }),
  };
}

/** The Dockerfile that standard input is to bring; nothing where it is a file of the context. */
async function* dockerfileOf(target: BakeTarget): AsyncGenerator<Buffer, void, void> {
  const { dockerfileInline } = target;
  const { dockerfile, apart } = inputsOf(target);
  if (dockerfileInline !== undefined) yield Buffer.from(dockerfileInline);
  else if (apart) yield Buffer.from((await readFileOfTargets(dockerfile)).text);
}

/** The request of a target whose linked ones have these images. */
export function requestOfTarget(
  target: BakeTarget,
  linked: ReadonlyMap<string, string>,
  events: EventSink,
  signal: AbortSignal,
): BuildRequest {
  return requestFor(target, argumentsOf(target, linked), events, signal);
}

/** The targets that a target has as contexts. */
export function linksOf(target: BakeTarget | undefined): readonly string[] {
  return target === undefined ? [] : [...inputsOf(target).targets.values()];
}

/** A target's own platforms; without any, those of the targets that take its image. */
function platformsOf(name: string, targets: Targets): readonly string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (at: string): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const own = targets.get(at)?.platforms ?? [];
    for (const platform of own) found.add(platform);
    if (own.length > 0) return;
    for (const [other, target] of targets) if (linksOf(target).includes(at)) visit(other);
  };
  visit(name);
  return [...found];
}

const image = (name: string): string => `image of ${name}`;

/** Builds at a time. Each has several steps at a time, of which those of the same kind run once. */
const atOnce = 8;

/**
 * Builds all targets that were asked for, and before them the images that they take. Gives the results by name.
 * Errors: those of builds.
 */
export async function buildTargets(
  targets: Targets,
  {
    events,
    note,
    check,
    record,
  }: {
    readonly events: EventSink;
    readonly note: (sink: EventSink) => EventSink;
    /** Refuses what a target may not have: asked again before each build, as outputs of others may have made links meanwhile. */
    readonly check: (target: BakeTarget) => void;
    /** Of all requests. */
    readonly record: Pick<BuildRequest, "record">;
  },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BuildResult>> {
  const limit = pLimit(atOnce);
  const asked = [...targets.values()].filter(({ linked }) => !linked);
  const images = new Map([...targets.keys()].map((name) => [image(name), name]));
  const ofTarget = (name: string): BakeTarget | undefined => targets.get(images.get(name) ?? name);
  const needs = (name: string): string[] => {
    const needed = linksOf(ofTarget(name)).map(image);
    const of = images.get(name);
    // What is written out anyway is built for that first: the image is then in the cache.
    return of !== undefined && targets.get(of)?.linked === false ? [of, ...needed] : needed;
  };
  const work = async (
    name: string,
    results: ReadonlyMap<string, BuildResult>,
    stop: AbortSignal,
  ): Promise<BuildResult> => {
    const target = ofTarget(name);
    if (target === undefined) throw new RangeError(`there is no target ${name}`);
    const ids = new Map<string, string>();
    for (const link of linksOf(target)) {
      const result = results.get(image(link));
      const id = result === undefined ? undefined : idOf(result);
      if (id !== undefined) ids.set(link, id);
    }
    const known = images.has(name) && !target.linked;
    const sink: EventSink = known ? () => undefined : note(eventsOf(target.name, events));
    const words = images.has(name)
      ? imageArgumentsOf(target, platformsOf(target.name, targets), ids)
      : argumentsOf(target, ids);
    return limit(() => {
      check(target);
      return build({ ...requestFor(target, words, sink, stop), ...record });
    });
  };
  const results = await together(
    asked.map(({ name }) => name),
    needs,
    work,
    signal,
  );
  return new Map(
    asked.flatMap(({ name }) => {
      const result = results.get(name);
      return result === undefined ? [] : [[name, result] as const];
    }),
  );
}
