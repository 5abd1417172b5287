// SPDX-License-Identifier: Apache-2.0
// The variables in force before the first FROM: ARGs there, and those that describe the platforms.

import { expandWord } from "../dockerfile/index.js";
import type { Dockerfile, Scope } from "../dockerfile/index.js";
import { formatFullPlatform, type Platform } from "../oci/index.js";

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
): { readonly values: ReadonlyMap<string, string>; readonly declared: ReadonlySet<string> } {
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
