// SPDX-License-Identifier: Apache-2.0
// HEALTHCHECK [flags] CMD command, HEALTHCHECK NONE

import { parseDuration } from "../../base/index.js";
import { checkFlags, optional } from "../flags.js";
import type { CheckedFlags } from "../flags.js";
import { baseOf, failAt, needArguments } from "../statement.js";
import type { Statement } from "../statement.js";
import type { HealthcheckInstruction } from "../types.js";
import { commandOf } from "./command.js";

const millisecond = 1_000_000;
const maxRetries = 0x7fffffff;

/** Nanoseconds; 0 stands for "the default". */
function duration(statement: Statement, flags: CheckedFlags, name: string): number | undefined {
  const word = flags.values.get(name);
  if (word === undefined || word.text === "") return undefined;
  const value = parseDuration(word.text);
  const at = { range: word.range };
  if (value === undefined)
    return failAt(
      statement,
      "DOCKERFILE_VALUE",
      `invalid duration ${JSON.stringify(word.text)} for --${name}`,
      { ...at, hint: "Write a number with a unit, as in 30s, 1m30s or 500ms." },
    );
  if (value !== 0 && value < millisecond)
    failAt(statement, "DOCKERFILE_VALUE", `Interval "${name}" cannot be less than 1ms`, at);
  return value;
}

function retries(statement: Statement, flags: CheckedFlags): number | undefined {
  const word = flags.values.get("retries");
  if (word === undefined || word.text === "") return undefined;
  const at = { range: word.range };
  if (!/^[+-]?\d+$/.test(word.text) || Math.abs(Number(word.text)) > maxRetries)
    failAt(
      statement,
      "DOCKERFILE_VALUE",
      `invalid number ${JSON.stringify(word.text)} for --retries`,
      at,
    );
  const value = Number(word.text);
  if (value < 0)
    failAt(statement, "DOCKERFILE_VALUE", `--retries cannot be negative (${value})`, at);
  return value;
}

export function parseHealthcheck(statement: Statement): HealthcheckInstruction {
  needArguments(statement);
  const { rest } = statement;
  const type = /^\S+/u.exec(rest)?.[0] ?? "";
  const text = rest.slice(type.length).trimStart();
  const flags = checkFlags(statement, {
    interval: "value",
    timeout: "value",
    "start-period": "value",
    "start-interval": "value",
    retries: "value",
  });
  if (type.toUpperCase() === "NONE") {
    if (text !== "")
      failAt(statement, "DOCKERFILE_ARGUMENTS", "HEALTHCHECK NONE takes no arguments");
    return { kind: "healthcheck", ...baseOf(statement) };
  }
  if (type.toUpperCase() !== "CMD")
    failAt(
      statement,
      "DOCKERFILE_ARGUMENTS",
      `Unknown type ${JSON.stringify(type.toUpperCase())} in HEALTHCHECK (try CMD)`,
    );
  const command = commandOf(statement, text);
  if (command.form === "exec" ? command.argv.length === 0 : text === "")
    failAt(statement, "DOCKERFILE_ARGUMENTS", "Missing command after HEALTHCHECK CMD");
  return {
    kind: "healthcheck",
    ...baseOf(statement),
    command,
    ...optional("interval", duration(statement, flags, "interval")),
    ...optional("timeout", duration(statement, flags, "timeout")),
    ...optional("startPeriod", duration(statement, flags, "start-period")),
    ...optional("startInterval", duration(statement, flags, "start-interval")),
    ...optional("retries", retries(statement, flags)),
  };
}
