// SPDX-License-Identifier: Apache-2.0
// parseDockerfile: bytes to stages. Reads like the order of things: decode, directives, instructions, stages.

import { TsbuildError, isTsbuildError } from "../base/index.js";
import type { SourceLocation } from "../base/index.js";
import { checkSyntax, detectSyntax, readDirectives } from "./directives.js";
import { descriptionOf } from "./doc-comment.js";
import { fail } from "./errors.js";
import { decode } from "./decode.js";
import { optional } from "./flags.js";
import { defaultCheckSettings, parseCheckSettings } from "./lint/settings.js";
import { LineReader } from "./lines.js";
import { LogicalLine } from "./logical-line.js";
import { parseInstruction, parseTriggerLine } from "./read.js";
import type {
  AnyInstruction,
  ArgInstruction,
  CheckSettings,
  Directive,
  Dockerfile,
  EmptyContinuation,
  FromInstruction,
  Instruction,
  Source,
  Stage,
  TriggerInstruction,
} from "./types.js";

export interface ParseOptions {
  /** The name that errors show. */
  readonly file: string;
  /** Value of the build argument BUILDKIT_SYNTAX: counts instead of the syntax directive. */
  readonly syntax?: string;
  /** Value of the build argument BUILDKIT_DOCKERFILE_CHECK: counts instead of the check directive. */
  readonly check?: string;
}

const top = { startLine: 1, endLine: 1 };

function checkSettings(
  source: Source,
  directives: readonly Directive[],
  override: string | undefined,
): CheckSettings {
  if (override !== undefined) return parseCheckSettings(override, source, top);
  const directive = directives.find((found) => found.name === "check");
  if (directive === undefined) return defaultCheckSettings;
  return parseCheckSettings(directive.value, source, directive.range);
}

interface OpenStage {
  readonly from: FromInstruction;
  readonly instructions: Instruction[];
}

function closeStage(open: OpenStage, index: number): Stage {
  const { from, instructions } = open;
  const name = from.alias?.text.toLowerCase();
  const last: AnyInstruction = instructions[instructions.length - 1] ?? from;
  return {
    index,
    ...optional("name", name),
    ...optional("description", name === undefined ? undefined : descriptionOf(from.comments, name)),
    from,
    instructions,
    range: { startLine: from.range.startLine, endLine: last.range.endLine },
  };
}

/** What was read until the end or the first error. A Dockerfile with an error may have no stages. */
export interface ParseOutcome {
  readonly dockerfile: Dockerfile;
  readonly error?: TsbuildError;
}

/** Reads instructions into stages until the end or the first error. */
function readStages(source: Source, reader: LineReader, doubtful: boolean): ParseOutcome {
  const globalArgs: ArgInstruction[] = [];
  const open: OpenStage[] = [];
  const emptyContinuations: EmptyContinuation[] = [];
  let error: TsbuildError | undefined;
  try {
    for (let read = reader.read(); read !== undefined; read = reader.read()) {
      const instruction = parseInstruction(source, read, reader);
      if (doubtful && instruction.original.includes("\ufffd"))
        fail("DOCKERFILE_ENCODING", "text is not valid UTF-8", source, instruction.range);
      for (const line of read.blankLines)
        emptyContinuations.push({ line, instruction: instruction.range });
      const stage = open[open.length - 1];
      if (instruction.kind === "from") open.push({ from: instruction, instructions: [] });
      else if (stage !== undefined) stage.instructions.push(instruction);
      else if (instruction.kind === "arg") globalArgs.push(instruction);
      else failOutside(source, instruction);
    }
    if (open.length === 0) failEmpty(source, globalArgs.length > 0, reader.lineCount);
  } catch (caught) {
    if (!isTsbuildError(caught)) throw caught;
    error = caught;
  }
  return {
    dockerfile: {
      source,
      directives: [],
      check: defaultCheckSettings,
      globalArgs,
      stages: open.map(closeStage),
      emptyContinuations,
    },
    ...optional("error", error),
  };
}

function failOutside(source: Source, instruction: AnyInstruction): never {
  return fail(
    "DOCKERFILE_NO_STAGE",
    "no build stage in current context",
    source,
    instruction.range,
    { hint: "Only ARG may stand before the first FROM." },
  );
}

function failEmpty(source: Source, hasArgs: boolean, lines: number): never {
  const message = hasArgs ? "dockerfile contains no stages to build" : "file with no instructions";
  const range = { startLine: 1, endLine: Math.max(1, lines) };
  return fail("DOCKERFILE_EMPTY", message, source, range, {
    hint: "A Dockerfile needs at least one FROM.",
  });
}

/**
 * Parses as far as it goes, so that checks can be shown before an error. Errors of the file as a whole (encoding, size,
 * directives) are thrown; errors of instructions are returned.
 */
export function tryParseDockerfile(
  input: string | Uint8Array,
  options: ParseOptions,
): ParseOutcome {
  const { file } = options;
  const { text, doubtful } = decode(input, file);
  const { directives, escape } = readDirectives(file, text);
  const source: Source = { file, text, escape };
  const syntax =
    options.syntax === undefined ? detectSyntax(text) : { text: options.syntax, range: top };
  if (syntax !== undefined) checkSyntax(syntax, source);
  const check = checkSettings(source, directives, options.check);
  const outcome = readStages(source, new LineReader(text, escape, directives.length), doubtful);
  const { dockerfile } = outcome;
  return {
    ...outcome,
    dockerfile: { ...dockerfile, directives, check, ...optional("syntax", syntax) },
  };
}

/**
 * Parses a Dockerfile. Everything that can be known without values of variables is checked; the rest stays words.
 * Errors: every DOCKERFILE code but EXPAND, VALUE_TOO_LONG and CHECK_FAILED, with the place.
 */
export function parseDockerfile(input: string | Uint8Array, options: ParseOptions): Dockerfile {
  const { dockerfile, error } = tryParseDockerfile(input, options);
  if (error !== undefined) throw error;
  return dockerfile;
}

/**
 * Parses one ONBUILD trigger out of an image's config. Triggers always escape with a backslash. All ranges of the result are
 * `at.range`, the place of the FROM line that fired it. Errors: DOCKERFILE codes, at `at`.
 */
export function parseOnBuild(trigger: string, at: SourceLocation): TriggerInstruction {
  const source: Source = { file: at.file, text: at.text ?? "", escape: "\\" };
  const reader = new LineReader(trigger, source.escape, 0);
  const read = reader.read();
  if (read === undefined)
    throw new TsbuildError("DOCKERFILE_ONBUILD", "empty ONBUILD trigger in the base image", {
      location: at,
    });
  const line = new LogicalLine(read.line.text, [], read.line.endLine, at.range);
  const instruction = parseTriggerLine(source, { ...read, line }, reader);
  if (reader.read() !== undefined)
    throw new TsbuildError(
      "DOCKERFILE_ONBUILD",
      "an ONBUILD trigger of the base image holds more than one instruction",
      { location: at, details: { trigger } },
    );
  return instruction;
}
