// SPDX-License-Identifier: Apache-2.0
// Reads texts as files of build targets, and gives what comes out as plain values.

import assert from "node:assert/strict";
import { isTsbuildError, type TsbuildError } from "#src/base/index.js";
import {
  formatPrint,
  readBake,
  type Bake,
  type BakeFile,
  type BakeOptions,
  type BakeTarget,
  type Resolved,
} from "#src/bake/index.js";
import { standardFunctions } from "#src/hcl/index.js";

const functions = standardFunctions({
  home: "/home/user",
  now: () => new Date(0),
  random: (size) => new Uint8Array(size),
});

export type Options = Partial<BakeOptions>;

/** A text of HCL, or files by name. */
export type Files = string | Readonly<Record<string, string>>;

export function filesOf(files: Files): BakeFile[] {
  const byName = typeof files === "string" ? { "docker-bake.hcl": files } : files;
  return Object.entries(byName).map(([name, text]) => ({ name, text }));
}

export function read(files: Files, options: Options = {}): Bake {
  return readBake(filesOf(files), { env: {}, localPlatform: "linux/amd64", functions, ...options });
}

/** The targets that names ask for, with overrides. */
export function resolved(
  files: Files,
  names: readonly string[],
  set: readonly string[] = [],
  options: Options = {},
): Resolved {
  return read(files, options).resolve(names, set);
}

interface Plain {
  readonly group?: Readonly<Record<string, { readonly targets: readonly string[] }>>;
  readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The same as the JSON of --print says it. */
export function printed(
  files: Files,
  names: readonly string[],
  set: readonly string[] = [],
  options: Options = {},
): Plain {
  return JSON.parse(formatPrint(resolved(files, names, set, options))) as Plain;
}

/** One target. */
export function target(
  files: Files,
  name: string,
  set: readonly string[] = [],
  options: Options = {},
): BakeTarget {
  const found = resolved(files, [name], set, options).targets.get(name);
  assert.ok(found !== undefined);
  return found;
}

/** One target as the JSON of --print says it, without what every target has. */
export function said(
  files: Files,
  name: string,
  set: readonly string[] = [],
  options: Options = {},
): Readonly<Record<string, unknown>> {
  const { context, dockerfile, ...rest } = printed(files, [name], set, options).target[name] ?? {};
  return {
    ...(context === "." ? {} : { context }),
    ...(dockerfile === "Dockerfile" ? {} : { dockerfile }),
    ...rest,
  };
}

/** Names of targets in the order of the files. */
export function namesOf(bake: Bake): readonly string[] {
  return bake.targets.map(({ name }) => name);
}

/** Groups and their targets. */
export function groupsOf(bake: Bake): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(bake.groups.map(({ name, targets }) => [name, targets]));
}

/** For assert.throws: an error of a code, with a message. */
export function failing(code: string, message: RegExp = /./): (error: unknown) => boolean {
  return (error) => isTsbuildError(error, code) && message.test(error.message);
}

/** The error that a function throws. */
export function errorOf(run: () => unknown): TsbuildError {
  try {
    run();
  } catch (error) {
    if (isTsbuildError(error)) return error;
    throw error;
  }
  return assert.fail("nothing is thrown");
}
