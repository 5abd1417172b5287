// SPDX-License-Identifier: Apache-2.0
// The variables in force before the first FROM: ARGs there, and those that describe the platforms.

import { didYouMean } from "../base/index.js";
import { expandWord } from "../dockerfile/index.js";
import type { Dockerfile, Scope } from "../dockerfile/index.js";
import { formatFullPlatform, type Platform } from "../oci/index.js";
import type { PlanOptions } from "./types.js";
import { isProxyName } from "./variables.js";

export interface GlobalArgs {
  readonly values: ReadonlyMap<string, string>;
  /** Of ARGs, with a value or without. */
  readonly declared: ReadonlySet<string>;
}

/** Build arguments that steer the builder and need no ARG. */
const builderArgs = /^(?:BUILDKIT_|SOURCE_DATE_EPOCH$)/;

/** TARGETPLATFORM and its kind. They need no declaration in FROM, and `ARG NAME` in a stage. */
export function platformArgs(
  target: Platform,
  build: Platform,
  stage: string,
): Map<string, string> {
  const of = (prefix: string, platform: Platform): [string, string][] => [
    [`${prefix}PLATFORM`, formatFullPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform["os.version"] ?? ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ""],
  ];
  return new Map([...of("BUILD", build), ...of("TARGET", target), ["TARGETSTAGE", stage]]);
}

/** A scope over a map. */
export function scopeOf(values: ReadonlyMap<string, string>): Scope {
  return { get: (name) => values.get(name), names: () => values.keys() };
}

/**
 * Values of all ARGs before the first FROM and of the platform, --build-arg over both. An ARG without value is not in it.
 */
export function globalArgs(
  dockerfile: Dockerfile,
  platform: ReadonlyMap<string, string>,
  buildArgs: ReadonlyMap<string, string>,
): GlobalArgs {
  const values = new Map(platform);
  for (const name of platform.keys()) {
    const given = buildArgs.get(name);
    if (given !== undefined) values.set(name, given);
  }
  const declared = new Set<string>();
  const options = { source: dockerfile.source, declared: (name: string) => declared.has(name) };
  for (const instruction of dockerfile.globalArgs) {
    for (const arg of instruction.args) {
      const name = expandWord(arg.name, scopeOf(values), options).value;
      declared.add(name);
      const value =
        buildArgs.get(name) ?? (arg.value && expandWord(arg.value, scopeOf(values), options).value);
      if (value !== undefined) values.set(name, value);
    }
  }
  return { values, declared };
}

/** Warns of values for ARGs that no stage has, whether or not the target needs it. */
export function warnOfUnusedArgs(
  { dockerfile, buildArgs, warn }: PlanOptions,
  globals: GlobalArgs,
): void {
  const declared = new Set(globals.declared);
  for (const stage of dockerfile.stages)
    for (const instruction of stage.instructions)
      if (instruction.kind === "arg")
        for (const { name } of instruction.args) declared.add(name.text);
  // A name that is put together from variables may be any.
  if ([...declared].some((name) => name.includes("$"))) return;
  const needNone = (name: string): boolean =>
    declared.has(name) || globals.values.has(name) || isProxyName(name) || builderArgs.test(name);
  for (const name of buildArgs.keys())
    if (!needNone(name))
      warn({
        kind: "warning",
        message: `build argument ${name} was not consumed by any ARG${didYouMean(name, declared)}`,
      });
}
