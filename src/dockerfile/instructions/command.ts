// SPDX-License-Identifier: Apache-2.0
// CMD and ENTRYPOINT, and the shell or exec form that RUN and HEALTHCHECK share with them.

import { checkFlags } from "../flags.js";
import { baseOf, jsonStrings } from "../statement.js";
import type { Statement } from "../statement.js";
import type { CmdInstruction, Command, EntrypointInstruction } from "../types.js";

/** Exec form when `text` is a JSON array of strings, else shell form. Errors: DOCKERFILE_JSON. */
export function commandOf(statement: Statement, text: string): Command {
  const argv = jsonStrings(statement, text);
  return argv === undefined ? { form: "shell", line: text } : { form: "exec", argv };
}

export function parseCmd(statement: Statement): CmdInstruction {
  checkFlags(statement, {});
  return { kind: "cmd", ...baseOf(statement), command: commandOf(statement, statement.rest) };
}

export function parseEntrypoint(statement: Statement): EntrypointInstruction {
  checkFlags(statement, {});
  const command = commandOf(statement, statement.rest);
  return { kind: "entrypoint", ...baseOf(statement), command };
}
