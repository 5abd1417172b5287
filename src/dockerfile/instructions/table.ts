// SPDX-License-Identifier: Apache-2.0
// The family of instructions: one row each. Adding one is a file, a member of the union in types.ts and a row here. ONBUILD
// is missing because it parses other instructions: see read.ts.

import type { Statement } from "../statement.js";
import type { AnyInstruction } from "../types.js";
import { parseAdd } from "./add.js";
import { parseArg } from "./arg.js";
import { parseCmd, parseEntrypoint } from "./command.js";
import { parseCopy } from "./copy.js";
import { parseEnv } from "./env.js";
import { parseExpose } from "./expose.js";
import { parseFrom } from "./from.js";
import { parseHealthcheck } from "./healthcheck.js";
import { parseLabel } from "./label.js";
import { parseRun } from "./run.js";
import { parseShell } from "./shell.js";
import { parseMaintainer, parseStopsignal, parseUser, parseWorkdir } from "./single.js";
import { parseVolume } from "./volume.js";

export interface InstructionRow {
  readonly parse: (statement: Statement) => Exclude<AnyInstruction, { kind: "onbuild" }>;
  /** True when here-documents may follow. */
  readonly heredocs: boolean;
  /** False when ONBUILD cannot hold it. */
  readonly trigger: boolean;
}

function row(
  parse: InstructionRow["parse"],
  options: Partial<Omit<InstructionRow, "parse">> = {},
): InstructionRow {
  return { parse, heredocs: false, trigger: true, ...options };
}

/** By keyword in lower case. */
export const instructionRows: ReadonlyMap<string, InstructionRow> = new Map([
  ["add", row(parseAdd, { heredocs: true })],
  ["arg", row(parseArg)],
  ["cmd", row(parseCmd)],
  ["copy", row(parseCopy, { heredocs: true })],
  ["entrypoint", row(parseEntrypoint)],
  ["env", row(parseEnv)],
  ["expose", row(parseExpose)],
  ["from", row(parseFrom, { trigger: false })],
  ["healthcheck", row(parseHealthcheck)],
  ["label", row(parseLabel)],
  ["maintainer", row(parseMaintainer, { trigger: false })],
  ["run", row(parseRun, { heredocs: true })],
  ["shell", row(parseShell)],
  ["stopsignal", row(parseStopsignal)],
  ["user", row(parseUser)],
  ["volume", row(parseVolume)],
  ["workdir", row(parseWorkdir)],
]);

/** All keywords in lower case, ONBUILD included, for "did you mean". */
export const keywords: readonly string[] = [...instructionRows.keys(), "onbuild"];
