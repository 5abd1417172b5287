// SPDX-License-Identifier: Apache-2.0
// RUN [flags] command

import { checkFlags } from "../flags.js";
import { parseOpening } from "../heredoc.js";
import { parseMountFlag } from "../mounts/resolve.js";
import { baseOf, bodiesOf, failAt } from "../statement.js";
import type { Statement } from "../statement.js";
import type { RunCommand, RunInstruction, Word } from "../types.js";
import { commandOf } from "./command.js";
import { parseDevice } from "./device.js";

const networks = ["default", "none", "host"] as const;
const securities = ["sandbox", "insecure"] as const;

/** One of a closed set of words, or a failure at the word. */
function choice<T extends string>(
  statement: Statement,
  word: Word | undefined,
  allowed: readonly [T, ...T[]],
  message: (value: string) => string,
): T {
  if (word === undefined) return allowed[0];
  const found = allowed.find((candidate) => candidate === word.text);
  return (
    found ??
    failAt(statement, "DOCKERFILE_FLAG", message(word.text), {
      range: word.range,
      hint: `One of ${allowed.join(", ")}.`,
    })
  );
}

function runCommand(statement: Statement): RunCommand {
  const { rest, heredocs } = statement;
  const first = heredocs[0];
  if (first === undefined) return commandOf(statement, rest);
  if (parseOpening(rest) === undefined) {
    // Command text around the openings: the shell gets everything as it was written and sorts it out.
    return { form: "shell", line: rest + bodiesOf(heredocs) };
  }
  if (first.body.startsWith("#!")) return { form: "script", name: first.name, body: first.body };
  return { form: "shell", line: first.body };
}

export function parseRun(statement: Statement): RunInstruction {
  const flags = checkFlags(statement, {
    mount: "list",
    network: "value",
    security: "value",
    device: "list",
  });
  const command = runCommand(statement);
  const nothing = command.form === "exec" ? command.argv.length === 0 : statement.rest === "";
  if (nothing) failAt(statement, "DOCKERFILE_ARGUMENTS", "RUN requires at least one argument");
  return {
    kind: "run",
    ...baseOf(statement),
    command,
    heredocs: statement.heredocs,
    mounts: (flags.lists.get("mount") ?? []).map((word) => parseMountFlag(statement, word)),
    network: choice(
      statement,
      flags.values.get("network"),
      networks,
      (value) => `invalid network mode ${JSON.stringify(value)}`,
    ),
    security: choice(
      statement,
      flags.values.get("security"),
      securities,
      (value) => `security ${JSON.stringify(value)} is not valid`,
    ),
    devices: (flags.lists.get("device") ?? []).map((word) => parseDevice(statement, word)),
  };
}
