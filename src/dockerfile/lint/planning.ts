// SPDX-License-Identifier: Apache-2.0
// Checks that need more than the text: values, base images, ignore rules. The planner and the build call them with what they
// know; nothing here finds it out.

import { didYouMean, isTsbuildError } from "../../base/index.js";
import { expandWord, scopeOf } from "../expand/expand.js";
import type {
  AddInstruction,
  CopyInstruction,
  Dockerfile,
  ExposeInstruction,
  FromInstruction,
  Instruction,
  Scope,
} from "../types.js";
import type { Ports } from "../values/ports.js";
import { cleanPath } from "../values/paths.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

/** UndefinedVar: `unset` as the expander reported it for a word of the instruction. */
export function checkUndefined(
  dockerfile: Dockerfile,
  instruction: Instruction,
  unset: readonly string[],
  scope: Scope,
): readonly Finding[] {
  return unset.flatMap((name) => {
    const hint = didYouMean(name, scope.names()).replace("mean ", "mean $");
    return finding(
      dockerfile,
      instruction,
      "UndefinedVar",
      `Usage of undefined variable '$${name}'${hint}`,
    );
  });
}

/** InvalidBaseImagePlatform: `actual` and `expected` as `os/arch[/variant]`; only os and arch must agree. */
export function checkBasePlatform(
  dockerfile: Dockerfile,
  from: FromInstruction,
  image: string,
  expected: string,
  actual: string,
): readonly Finding[] {
  const family = (platform: string): string => platform.split("/").slice(0, 2).join("/");
  if (family(expected) === family(actual)) return [];
  return finding(
    dockerfile,
    from,
    "InvalidBaseImagePlatform",
    `Base image ${image} was pulled with platform ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)} for current build`,
  );
}

/**
 * InvalidDefaultArgInFrom: for each FROM, what the defaults of the global arguments make of it, given to `valid`.
 * `predefined`: the platform arguments.
 */
export function checkDefaultArgs(
  dockerfile: Dockerfile,
  predefined: ReadonlyMap<string, string>,
  valid: (reference: string) => boolean,
): readonly Finding[] {
  const { source } = dockerfile;
  try {
    const values = new Map(predefined);
    for (const { args } of dockerfile.globalArgs)
      for (const { name, value } of args)
        if (value !== undefined)
          values.set(name.text, expandWord(value, scopeOf(values), { source }).value);
    const earlier = new Set<string>();
    return dockerfile.stages.flatMap(({ from, name }) => {
      const { value } = expandWord(from.image, scopeOf(values), { source });
      // The name of a stage may have capitals, which an image's may not.
      const isStage = earlier.has(value.toLowerCase());
      if (name !== undefined) earlier.add(name);
      if (isStage) return [];
      if (value !== "" && valid(value)) return [];
      return finding(
        dockerfile,
        from,
        "InvalidDefaultArgInFrom",
        `Default value for ARG ${from.image.text} results in empty or invalid base image name`,
      );
    });
  } catch (error) {
    // A default that fails without build arguments (`${X:?}`) is its author's wish; the build decides.
    if (isTsbuildError(error, "DOCKERFILE_EXPAND")) return [];
    throw error;
  }
}

/** A name that only a pattern for all names matches. */
const anyName = "\u{10ffff}";

/**
 * CopyIgnoredFile: a source of COPY or ADD from the context, expanded, that `ignored` says is left out. For rules with
 * exceptions (`!x`) the caller should not ask: what is below an ignored directory may be there.
 */
export function checkIgnored(
  dockerfile: Dockerfile,
  instruction: CopyInstruction | AddInstruction,
  path: string,
  ignored: (path: string) => boolean,
): readonly Finding[] {
  const clean = cleanPath(path).replace(/^\/+/, "");
  // The root is never left out itself: it counts when every name in it is.
  if (!ignored(clean === "" || clean === "." ? anyName : clean)) return [];
  const verb = instruction.kind === "add" ? "Add" : "Copy";
  return finding(
    dockerfile,
    instruction,
    "CopyIgnoredFile",
    `Attempting to ${verb} file ${JSON.stringify(clean === "" ? "/" : clean)} that is excluded by .dockerignore`,
  );
}

/** ExposeProtoCasing and ExposeInvalidFormat, for ports as parsePorts gave them. */
export function checkPorts(
  dockerfile: Dockerfile,
  instruction: ExposeInstruction,
  ports: readonly Ports[],
): readonly Finding[] {
  const words = new Map(ports.map((port) => [port.word, port]));
  return [...words.values()].flatMap(({ word, protocolCasing, hostPart }) => [
    ...(protocolCasing
      ? finding(
          dockerfile,
          instruction,
          "ExposeProtoCasing",
          `Defined protocol '${word}' in EXPOSE instruction should be lowercase`,
        )
      : []),
    ...(hostPart
      ? finding(
          dockerfile,
          instruction,
          "ExposeInvalidFormat",
          `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`,
        )
      : []),
  ]);
}
