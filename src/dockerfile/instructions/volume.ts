// SPDX-License-Identifier: Apache-2.0
// VOLUME path..., VOLUME ["path", ...]

import { checkFlags } from "../flags.js";
import { baseOf, failAt, jsonStrings, needArguments, restWord, splitWords } from "../statement.js";
import type { Statement } from "../statement.js";
import type { VolumeInstruction } from "../types.js";

export function parseVolume(statement: Statement): VolumeInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  const strings = jsonStrings(statement, statement.rest);
  const { range } = restWord(statement);
  const paths =
    strings === undefined
      ? splitWords(statement)
      : strings.map((text) => ({ text: text.trim(), range }));
  if (paths.length === 0)
    failAt(statement, "DOCKERFILE_ARGUMENTS", "VOLUME requires at least one argument");
  if (paths.some((path) => path.text === ""))
    failAt(statement, "DOCKERFILE_ARGUMENTS", "VOLUME specified can not be an empty string", {
      range,
    });
  return { kind: "volume", ...baseOf(statement), paths };
}
