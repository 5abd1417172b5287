// SPDX-License-Identifier: Apache-2.0
// The instructions with one argument, which is the rest of the line: WORKDIR, USER, STOPSIGNAL, MAINTAINER.

import { checkFlags } from "../flags.js";
import { baseOf, onlyArgument } from "../statement.js";
import type { Statement } from "../statement.js";
import type {
  MaintainerInstruction,
  StopsignalInstruction,
  UserInstruction,
  WorkdirInstruction,
} from "../types.js";

export function parseWorkdir(statement: Statement): WorkdirInstruction {
  checkFlags(statement, {});
  return { kind: "workdir", ...baseOf(statement), path: onlyArgument(statement) };
}

export function parseUser(statement: Statement): UserInstruction {
  checkFlags(statement, {});
  return { kind: "user", ...baseOf(statement), user: onlyArgument(statement) };
}

export function parseStopsignal(statement: Statement): StopsignalInstruction {
  checkFlags(statement, {});
  return { kind: "stopsignal", ...baseOf(statement), signal: onlyArgument(statement) };
}

export function parseMaintainer(statement: Statement): MaintainerInstruction {
  checkFlags(statement, {});
  return { kind: "maintainer", ...baseOf(statement), name: onlyArgument(statement).text };
}
