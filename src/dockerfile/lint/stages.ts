// SPDX-License-Identifier: Apache-2.0
// Checks of FROM lines and of the file as a whole.

import type {
  AnyInstruction,
  ArgInstruction,
  Dockerfile,
  FromInstruction,
  Stage,
} from "../types.js";
import { nearest } from "../../base/index.js";
import { expandWord, scopeOf } from "../expand/expand.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";

const reservedNames = ["scratch", "context"];

/** Names that FROM may use without a declaration. */
export const platformArgs: readonly string[] = [
  "TARGETPLATFORM",
  "TARGETOS",
  "TARGETARCH",
  "TARGETVARIANT",
  "TARGETOSVERSION",
  "TARGETSTAGE",
  "BUILDPLATFORM",
  "BUILDOS",
  "BUILDARCH",
  "BUILDVARIANT",
  "BUILDOSVERSION",
];

function sameCase(word: string, model: string): boolean {
  if (model === model.toLowerCase()) return word === word.toLowerCase();
  // A mixed FROM is another rule's business.
  return model !== model.toUpperCase() || word === word.toUpperCase();
}

/** StageNameCasing, FromAsCasing, ReservedStageName, DuplicateStageName. */
export function checkStageNames(dockerfile: Dockerfile): readonly Finding[] {
  const seen = new Set<string>();
  return dockerfile.stages.flatMap(({ from, name }) => {
    const found: Finding[] = [];
    const written = from.alias?.text ?? "";
    if (written !== written.toLowerCase())
      found.push(
        ...finding(
          dockerfile,
          from,
          "StageNameCasing",
          `Stage name '${written}' should be lowercase`,
        ),
      );
    if (from.asKeyword !== undefined && !sameCase(from.asKeyword, from.keyword))
      found.push(
        ...finding(
          dockerfile,
          from,
          "FromAsCasing",
          `'${from.asKeyword}' and '${from.keyword}' keywords' casing do not match`,
        ),
      );
    if (name === undefined) return found;
    if (reservedNames.includes(name))
      found.push(
        ...finding(
          dockerfile,
          from,
          "ReservedStageName",
          `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`,
        ),
      );
    if (seen.has(name))
      found.push(
        ...finding(
          dockerfile,
          from,
          "DuplicateStageName",
          `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`,
        ),
      );
    seen.add(name);
    return found;
  });
}

function instructionsOf(dockerfile: Dockerfile): readonly AnyInstruction[] {
  return dockerfile.stages.flatMap((stage) => [stage.from, ...stage.instructions]);
}

/** ConsistentInstructionCasing: instructions of stages that differ from the majority, upper case winning ties. */
export function checkKeywordCasing(dockerfile: Dockerfile): readonly Finding[] {
  const instructions = instructionsOf(dockerfile);
  let lower = 0;
  let upper = 0;
  for (const { keyword } of instructions) {
    if (keyword === keyword.toLowerCase()) lower++;
    else if (keyword === keyword.toUpperCase()) upper++;
  }
  const wanted = lower > upper ? "lowercase" : "uppercase";
  return instructions.flatMap((instruction) => {
    const { keyword } = instruction;
    const right = wanted === "lowercase" ? keyword.toLowerCase() : keyword.toUpperCase();
    if (keyword === right) return [];
    return finding(
      dockerfile,
      instruction,
      "ConsistentInstructionCasing",
      `Command '${keyword}' should match the case of the command majority (${wanted})`,
    );
  });
}

/** NoEmptyContinuation: once for an instruction. */
export function checkContinuations(dockerfile: Dockerfile): readonly Finding[] {
  const ranges = new Map(
    dockerfile.emptyContinuations.map(({ instruction }) => [instruction.startLine, instruction]),
  );
  return [...ranges.values()].flatMap(({ endLine }) =>
    // Told where the instruction ends, as BuildKit does.
    finding(
      dockerfile,
      { range: { startLine: endLine, endLine }, comments: [] },
      "NoEmptyContinuation",
      "Empty continuation line",
    ),
  );
}

/** InvalidDefinitionDescription for FROM and ARG. Only the comment line directly above counts. */
export function checkDescriptions(dockerfile: Dockerfile): readonly Finding[] {
  const check = (
    instruction: FromInstruction | ArgInstruction,
    names: readonly string[],
  ): readonly Finding[] => {
    const last = instruction.comments[instruction.comments.length - 1];
    const [first] = names;
    if (last === undefined || first === undefined) return [];
    if (names.includes(last.split(" ", 1)[0] ?? "")) return [];
    const example = names.length > 1 ? "<arg_key>" : first;
    const keyword = instruction.kind.toUpperCase();
    return finding(
      dockerfile,
      instruction,
      "InvalidDefinitionDescription",
      `Comment for ${keyword} should follow the format: \`# ${example} <description>\``,
    );
  };
  const all = [...dockerfile.globalArgs, ...instructionsOf(dockerfile)];
  return all.flatMap((instruction) => {
    if (instruction.kind === "arg")
      return check(
        instruction,
        instruction.args.map(({ name }) => name.text),
      );
    if (instruction.kind === "from" && instruction.alias !== undefined)
      return check(instruction, [instruction.alias.text.toLowerCase()]);
    return [];
  });
}

/** The names of global arguments. */
export function globalNames(dockerfile: Dockerfile): readonly string[] {
  return dockerfile.globalArgs.flatMap(({ args }) => args.map(({ name }) => name.text));
}

/** RedundantTargetPlatform, FromPlatformFlagConstDisallowed, UndefinedArgInFrom. */
export function checkFromVariables(dockerfile: Dockerfile, stage: Stage): readonly Finding[] {
  const { from, name = "" } = stage;
  const found: Finding[] = [];
  const declared = [...globalNames(dockerfile), ...platformArgs];
  const scope = scopeOf(new Map(declared.map((variable) => [variable, "x"])));
  for (const word of [from.image, ...(from.platform === undefined ? [] : [from.platform])]) {
    for (const variable of expandWord(word, scope, { source: dockerfile.source }).unset) {
      const suggestion = nearest(variable, declared);
      const hint = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
      found.push(
        ...finding(
          dockerfile,
          from,
          "UndefinedArgInFrom",
          `FROM argument '${variable}' is not declared${hint}`,
        ),
      );
    }
  }
  const platform = from.platform?.text;
  if (platform === undefined) return found;
  if (platform === "$TARGETPLATFORM" || platform === "${TARGETPLATFORM}")
    found.push(
      ...finding(
        dockerfile,
        from,
        "RedundantTargetPlatform",
        `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`,
      ),
    );
  const parts = platform.toLowerCase().split("/");
  if (!platform.includes("$") && !parts.some((part) => part !== "" && name.includes(part)))
    found.push(
      ...finding(
        dockerfile,
        from,
        "FromPlatformFlagConstDisallowed",
        `FROM --platform flag should not use constant value ${JSON.stringify(platform)}`,
      ),
    );
  return found;
}
