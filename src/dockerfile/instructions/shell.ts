// SPDX-License-Identifier: Apache-2.0
// SHELL ["executable", "argument", ...]

import { checkFlags } from "../flags.js";
import { baseOf, failAt, jsonStrings, needArguments } from "../statement.js";
import type { Statement } from "../statement.js";
import type { ShellInstruction } from "../types.js";

export function parseShell(statement: Statement): ShellInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  const argv = jsonStrings(statement, statement.rest);
  if (argv === undefined)
    return failAt(statement, "DOCKERFILE_JSON", "SHELL requires the arguments to be in JSON form", {
      hint: 'Write SHELL ["/bin/bash", "-c"].',
    });
  if (argv.length === 0)
    failAt(statement, "DOCKERFILE_ARGUMENTS", "SHELL requires at least one argument");
  return { kind: "shell", ...baseOf(statement), argv };
}
