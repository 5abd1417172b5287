// SPDX-License-Identifier: Apache-2.0
// One instruction before it has a type: keyword, flags, arguments, here-documents, and the helpers that instruction parsers
// share: making words with places, reading JSON arrays, failing with the place.

import type { SourceRange } from "../base/index.js";
import { fail } from "./errors.js";
import type { DockerfileErrorCode, FailOptions } from "./errors.js";
import type { LogicalLine } from "./logical-line.js";
import type { Heredoc, InstructionBase, Source, Word } from "./types.js";

/** A flag as written: its value still holds variables. */
export interface RawFlag {
  readonly name: string;
  /** Absent: no equals sign. */
  readonly value?: Word;
  readonly range: SourceRange;
}

export interface Statement {
  readonly source: Source;
  readonly line: LogicalLine;
  readonly keyword: string;
  readonly flags: readonly RawFlag[];
  /** Arguments, trimmed, and where they start in the line. */
  readonly rest: string;
  readonly restStart: number;
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly string[];
  /** First to last line, bodies included. */
  readonly range: SourceRange;
}

/** Here-documents as they follow their instruction: bodies and terminators. */
export function bodiesOf(heredocs: readonly Heredoc[]): string {
  return heredocs.map((heredoc) => `\n${heredoc.content}${heredoc.name}`).join("");
}

/** What every instruction carries. */
export function baseOf(statement: Statement): InstructionBase {
  return {
    range: statement.range,
    keyword: statement.keyword,
    original: statement.line.text.trim() + bodiesOf(statement.heredocs),
    comments: statement.comments,
  };
}

/** Fails at the whole instruction, or at `range`. */
export function failAt(
  statement: Statement,
  code: DockerfileErrorCode,
  message: string,
  options: FailOptions & { readonly range?: SourceRange } = {},
): never {
  const { range, ...rest } = options;
  return fail(code, message, statement.source, range ?? statement.line.lines, rest);
}

/** The word `rest.slice(start, end)`. */
export function wordAt(statement: Statement, start: number, end: number): Word {
  return {
    text: statement.rest.slice(start, end),
    range: statement.line.range(statement.restStart + start, statement.restStart + end),
  };
}

/** The arguments as one word. */
export function restWord(statement: Statement): Word {
  return wordAt(statement, 0, statement.rest.length);
}

/** The arguments split at blanks; quotes mean nothing here. */
export function splitWords(statement: Statement): readonly Word[] {
  const words: Word[] = [];
  for (const match of statement.rest.matchAll(/[^\t\v\f\r ]+/g))
    words.push(wordAt(statement, match.index, match.index + match[0].length));
  return words;
}

/**
 * The strings of a JSON array, or undefined when `text` is not one: then it is shell form. An array that holds anything but
 * strings is an error rather than shell form, because it was surely meant as JSON.
 */
export function jsonStrings(statement: Statement, text: string): readonly string[] | undefined {
  const trimmed = text.trimStart();
  if (!trimmed.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    // Not JSON: `[ -f x ] && y` is a shell command.
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  // Half of a surrogate pair, which JSON can spell, is no text that the image's readers would take.
  if (items.every((item) => typeof item === "string"))
    return items.map((item) => Buffer.from(item).toString());
  return failAt(
    statement,
    "DOCKERFILE_JSON",
    "when using JSON array syntax, arrays must be comprised of strings only",
  );
}

/** Fails unless the instruction has arguments. */
export function needArguments(statement: Statement): void {
  if (statement.rest === "")
    failAt(
      statement,
      "DOCKERFILE_ARGUMENTS",
      `${statement.keyword.toUpperCase()} requires at least one argument`,
    );
}

/** The single argument (blanks included), or a failure. */
export function onlyArgument(statement: Statement): Word {
  if (statement.rest === "")
    failAt(
      statement,
      "DOCKERFILE_ARGUMENTS",
      `${statement.keyword.toUpperCase()} requires exactly one argument`,
    );
  return restWord(statement);
}
