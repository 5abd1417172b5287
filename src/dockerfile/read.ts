// SPDX-License-Identifier: Apache-2.0
// From a logical line to a typed instruction: keyword, flags, here-documents, then the instruction's own parser. ONBUILD is
// here because it holds another instruction of the same line.

import { defined } from "../base/index.js";
import { fail } from "./errors.js";
import { splitFlags, checkFlags } from "./flags.js";
import { chompTabs, findOpenings } from "./heredoc.js";
import { instructionRows, keywords } from "./instructions/table.js";
import type { LineReader, ReadLine } from "./lines.js";
import type { LogicalLine } from "./logical-line.js";
import { baseOf, bodiesOf, failAt, jsonStrings } from "./statement.js";
import type { Statement } from "./statement.js";
import { suggestion } from "./suggest.js";
import type {
  AnyInstruction,
  Heredoc,
  OnbuildInstruction,
  Source,
  TriggerInstruction,
} from "./types.js";

/** Splits the instruction that starts at `start` of a line. Here-documents come later. */
function split(source: Source, read: ReadLine, line: LogicalLine, start: number): Statement {
  const { text } = line;
  const keyword = /[^\t\v\f\r ]+/.exec(text.slice(start).trimStart())?.[0] ?? "";
  const keywordStart = text.indexOf(keyword, start);
  const { flags, argumentsStart } = splitFlags(source, line, keywordStart + keyword.length);
  const tail = text.slice(argumentsStart);
  const rest = tail.trim();
  return {
    source,
    line,
    keyword,
    flags,
    rest,
    restStart: argumentsStart + tail.length - tail.trimStart().length,
    heredocs: [],
    comments: read.comments,
    range: line.lines,
  };
}

function rowOf(statement: Statement): ReturnType<typeof instructionRows.get> {
  return instructionRows.get(statement.keyword.toLowerCase());
}

/** Reads the bodies that a line opens, and gives the statement them and the longer range. */
function withHeredocs(statement: Statement, reader: LineReader): Statement {
  const { line } = statement;
  if (rowOf(statement)?.heredocs !== true || !line.text.includes("<<")) return statement;
  if (jsonStrings(statement, statement.rest) !== undefined) return statement;
  const heredocs: Heredoc[] = [];
  for (const opening of findOpenings(line.text)) {
    const read = reader.readBody(opening.name, opening.chomp);
    if (read === undefined)
      return failAt(statement, "DOCKERFILE_HEREDOC", "unterminated heredoc", {
        hint: `Put ${opening.name} alone on a line below.`,
        details: { name: opening.name },
      });
    const { content } = read;
    heredocs.push({
      ...opening,
      content,
      body: opening.chomp ? chompTabs(content) : content,
      range: line.fixed ?? read.range,
    });
  }
  if (heredocs.length === 0) return statement;
  const range = line.fixed ?? { startLine: line.startLine, endLine: reader.position };
  return { ...statement, heredocs, range };
}

function unknown(statement: Statement): never {
  const { keyword } = statement;
  const lower = keyword === keyword.toLowerCase();
  const candidates = lower ? keywords : keywords.map((k) => k.toUpperCase());
  const shown = keyword.length > 100 ? `${keyword.slice(0, 100)}...` : keyword;
  const found = suggestion(keyword, candidates);
  return failAt(
    statement,
    "DOCKERFILE_UNKNOWN_INSTRUCTION",
    `unknown instruction: ${shown}${found === undefined ? "" : ` (did you mean ${found}?)`}`,
    { details: { instruction: shown, ...defined({ suggestion: found }) } },
  );
}

function parseRow(statement: Statement): Exclude<AnyInstruction, OnbuildInstruction> {
  return (rowOf(statement) ?? unknown(statement)).parse(statement);
}

/** Parses an instruction as a trigger. Errors: DOCKERFILE_ONBUILD for one that cannot be. */
function parseTrigger(statement: Statement): TriggerInstruction {
  const keyword = statement.keyword.toUpperCase();
  if (keyword === "ONBUILD")
    failAt(statement, "DOCKERFILE_ONBUILD", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  const refuse = (): never =>
    failAt(statement, "DOCKERFILE_ONBUILD", `${keyword} isn't allowed as an ONBUILD trigger`);
  // Before parsing: what is wrong is the instruction, not its arguments.
  if (rowOf(statement)?.trigger === false) refuse();
  const instruction = parseRow(statement);
  return instruction.kind === "from" || instruction.kind === "maintainer" ? refuse() : instruction;
}

function parseOnbuild(outer: Statement, read: ReadLine, reader: LineReader): OnbuildInstruction {
  checkFlags(outer, {});
  if (outer.rest === "")
    failAt(outer, "DOCKERFILE_ARGUMENTS", "ONBUILD requires at least one argument");
  const inner = withHeredocs(split(outer.source, read, outer.line, outer.restStart), reader);
  const instruction = parseTrigger(inner);
  const bodies = bodiesOf(inner.heredocs);
  return {
    kind: "onbuild",
    ...baseOf({ ...outer, heredocs: inner.heredocs, range: inner.range }),
    trigger: outer.line.text.slice(outer.restStart).trimEnd() + bodies,
    instruction: { ...instruction, original: outer.rest + bodies },
  };
}

/** Parses the instruction on a logical line, reading its here-documents from `reader`. Errors: any DOCKERFILE code. */
export function parseInstruction(
  source: Source,
  read: ReadLine,
  reader: LineReader,
): AnyInstruction {
  if (read.line.text.length > maxLine) tooLong(source, read);
  const statement = split(source, read, read.line, 0);
  if (statement.keyword.toUpperCase() === "ONBUILD") return parseOnbuild(statement, read, reader);
  return parseRow(withHeredocs(statement, reader));
}

/** Parses a trigger out of an image's config: one logical line and its here-documents. */
export function parseTriggerLine(
  source: Source,
  read: ReadLine,
  reader: LineReader,
): TriggerInstruction {
  return parseTrigger(withHeredocs(split(source, read, read.line, 0), reader));
}

/** An instruction longer than this (joined) is refused: 4 MiB. */
const maxLine = 1 << 22;

function tooLong(source: Source, read: ReadLine): never {
  return fail(
    "DOCKERFILE_TOO_LARGE",
    `instruction is longer than ${maxLine} characters`,
    source,
    read.line.lines,
  );
}
