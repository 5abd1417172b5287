// SPDX-License-Identifier: Apache-2.0
// All checks that the text alone decides. Those that need base images, values or the context are in planning.ts.

import { locate } from "../errors.js";
import { parsePorts } from "../values/ports.js";
import type { Dockerfile, ExposeInstruction, Instruction, Stage } from "../types.js";
import type { Finding } from "./finding.js";
import { sortFindings } from "./finding.js";
import { checkDeprecated, checkInOrder, checkRepeated, checkSecrets } from "./instructions.js";
import type { StageFacts } from "./instructions.js";
import { checkPorts } from "./planning.js";
import {
  checkContinuations,
  checkDescriptions,
  checkFromVariables,
  checkKeywordCasing,
  checkStageNames,
} from "./stages.js";

export interface CheckOptions {
  /** Stages whose instructions are checked. Default: all. Checks of names and casing always see the whole file. */
  readonly stages?: (stage: Stage) => boolean;
  /** True when the base image of a stage has a shell of its own in its config. Default: no base image has. */
  readonly baseHasShell?: (stage: Stage) => boolean;
}

function checkConstantPorts(
  dockerfile: Dockerfile,
  instruction: ExposeInstruction,
): readonly Finding[] {
  const words = instruction.ports.map((word) => word.text);
  // Quotes and variables are worked out by the planner, which then checks.
  const constant = words.filter((word) => !/[$'"\\`]/.test(word));
  const at = locate(dockerfile.source, instruction.range);
  return checkPorts(dockerfile, instruction, parsePorts(constant, at));
}

function checkInstruction(dockerfile: Dockerfile, instruction: Instruction): readonly Finding[] {
  return [
    ...checkSecrets(dockerfile, instruction),
    ...checkDeprecated(dockerfile, instruction),
    ...(instruction.kind === "expose" ? checkConstantPorts(dockerfile, instruction) : []),
  ];
}

/**
 * The findings that the text alone decides, in order of place. Errors: DOCKERFILE_VALUE for a port and DOCKERFILE_EXPAND for
 * a FROM that could never be built.
 */
export function checkDockerfile(
  dockerfile: Dockerfile,
  options: CheckOptions = {},
): readonly Finding[] {
  const found: Finding[] = [
    ...checkStageNames(dockerfile),
    ...checkKeywordCasing(dockerfile),
    ...checkContinuations(dockerfile),
    ...checkDescriptions(dockerfile),
  ];
  const facts = new Map<string, StageFacts>();
  for (const stage of dockerfile.stages) {
    const inherited = facts.get(stage.from.image.text.toLowerCase());
    const before = inherited ?? {
      shellSet: options.baseHasShell?.(stage) ?? false,
      workdirSet: false,
    };
    const { findings, after } = checkInOrder(dockerfile, stage, before);
    if (stage.name !== undefined) facts.set(stage.name, after);
    if (options.stages?.(stage) === false) continue;
    found.push(
      ...findings,
      ...checkFromVariables(dockerfile, stage),
      ...checkRepeated(dockerfile, stage),
      ...stage.instructions.flatMap((instruction) => checkInstruction(dockerfile, instruction)),
    );
  }
  return sortFindings(found);
}
