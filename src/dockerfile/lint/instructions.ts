// SPDX-License-Identifier: Apache-2.0
// Checks of the instructions of one stage that need nothing but the text.

import type { Dockerfile, Instruction, Stage } from "../types.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

// A name that says secret, as a whole word between underscores ...
const secretWord =
  /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
// ... unless another word says that what it holds is none.
const harmlessWord = /(?:^|_)(?:public|file|version)(?:_|$)/i;

/** SecretsUsedInArgOrEnv. */
export function checkSecrets(dockerfile: Dockerfile, instruction: Instruction): readonly Finding[] {
  const names =
    instruction.kind === "arg"
      ? instruction.args.map(({ name }) => name.text)
      : instruction.kind === "env"
        ? instruction.pairs.map(({ key }) => key.text)
        : [];
  return names
    .filter((name) => secretWord.test(name) && !harmlessWord.test(name))
    .flatMap((name) =>
      finding(
        dockerfile,
        instruction,
        "SecretsUsedInArgOrEnv",
        `Do not use ARG or ENV instructions for sensitive data (${instruction.kind.toUpperCase()} ${JSON.stringify(name)})`,
      ),
    );
}

/** LegacyKeyValueFormat, MaintainerDeprecated. */
export function checkDeprecated(
  dockerfile: Dockerfile,
  instruction: Instruction,
): readonly Finding[] {
  if (instruction.kind === "maintainer")
    return finding(
      dockerfile,
      instruction,
      "MaintainerDeprecated",
      "Maintainer instruction is deprecated in favor of using label",
    );
  if ((instruction.kind === "env" || instruction.kind === "label") && instruction.legacy) {
    const name = instruction.kind.toUpperCase();
    return finding(
      dockerfile,
      instruction,
      "LegacyKeyValueFormat",
      `"${name} key=value" should be used instead of legacy "${name} key value" format`,
    );
  }
  return [];
}

/** MultipleInstructionsDisallowed: reported at the earlier one, which has no effect. */
export function checkRepeated(dockerfile: Dockerfile, stage: Stage): readonly Finding[] {
  const last = new Map<string, Instruction>();
  const found: Finding[] = [];
  for (const instruction of stage.instructions) {
    if (!["cmd", "entrypoint", "healthcheck"].includes(instruction.kind)) continue;
    const earlier = last.get(instruction.kind);
    last.set(instruction.kind, instruction);
    if (earlier === undefined) continue;
    const name = instruction.kind.toUpperCase();
    found.push(
      ...finding(
        dockerfile,
        earlier,
        "MultipleInstructionsDisallowed",
        `Multiple ${name} instructions should not be used in the same stage because only the last one will be used`,
      ),
    );
  }
  return found;
}

/** What a stage leaves to the stages that start from it. */
export interface StageFacts {
  readonly shellSet: boolean;
  readonly workdirSet: boolean;
}

/** JSONArgsRecommended and WorkdirRelativePath, which depend on what came before; and what then holds. */
export function checkInOrder(
  dockerfile: Dockerfile,
  stage: Stage,
  before: StageFacts,
): { readonly findings: readonly Finding[]; readonly after: StageFacts } {
  let { shellSet, workdirSet } = before;
  const findings: Finding[] = [];
  for (const instruction of stage.instructions) {
    if (instruction.kind === "shell") shellSet = true;
    if (instruction.kind === "cmd" || instruction.kind === "entrypoint") {
      if (shellSet || instruction.command.form === "exec") continue;
      const name = instruction.kind.toUpperCase();
      findings.push(
        ...finding(
          dockerfile,
          instruction,
          "JSONArgsRecommended",
          `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`,
        ),
      );
    }
    if (instruction.kind === "workdir") {
      const path = instruction.path.text.replace(/^["']/, "");
      // What a variable holds is not known here; it is given the benefit of the doubt.
      if (!workdirSet && !path.startsWith("/") && !path.startsWith("$"))
        findings.push(
          ...finding(
            dockerfile,
            instruction,
            "WorkdirRelativePath",
            `Relative workdir ${JSON.stringify(instruction.path.text)} can have unexpected results if the base image changes`,
          ),
        );
      workdirSet = true;
    }
  }
  return { findings, after: { shellSet, workdirSet } };
}
