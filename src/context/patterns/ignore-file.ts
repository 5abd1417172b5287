// SPDX-License-Identifier: Apache-2.0
// The text of .dockerignore files and the patterns of --exclude flags, to rules. Syntax errors carry their place.

import { TsbuildError, defined, type SourceLocation } from "../../base/index.js";
import type { IgnoreRules } from "../types.js";
import { GlobSyntaxError } from "./glob.js";
import { LinePattern } from "./ignore-line.js";
import { rulesOf, type IgnoreLine } from "./ignore-rules.js";

/**
 * The rules of an ignore file. `file` is its name in messages. A byte order mark is skipped; `#` begins a comment in the first
 * column only; lines are trimmed. Throws CONTEXT_BAD_PATTERN with the line.
 */
export function parseIgnoreFile(text: string, file: string): IgnoreRules {
  const lines: IgnoreLine[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .forEach((raw, index) => {
      if (raw.startsWith("#")) return;
      const startLine = index + 1;
      const line = parseLine(raw, { file, range: { startLine, endLine: startLine }, text });
      if (line !== undefined) lines.push(line);
    });
  return rulesOf(lines);
}

/** The rules of --exclude flags (same grammar, no comments). Throws CONTEXT_BAD_PATTERN, without a place. */
export function compileExcludes(patterns: readonly string[]): IgnoreRules {
  return rulesOf(
    patterns
      .map((text) => parseLine(text))
      .filter((line): line is IgnoreLine => line !== undefined),
  );
}

function parseLine(raw: string, location?: SourceLocation): IgnoreLine | undefined {
  const trimmed = raw.trim();
  if (trimmed === "") return undefined;
  const exception = trimmed.startsWith("!");
  const body = exception ? trimmed.slice(1).trim() : trimmed;
  if (body === "")
    throw badPattern(`illegal exclusion pattern: "!"`, "!", "write the path after !", location);
  const text = cleanPattern(body);
  try {
    return { pattern: new LinePattern(text), exception };
  } catch (error) {
    if (!(error instanceof GlobSyntaxError)) throw error;
    throw bad(
      trimmed,
      error.message,
      "write a backslash before a character that is meant literally",
      location,
      error,
    );
  }
}

/**
 * Lexical cleaning as Go's filepath.Clean, then one leading slash off. `..` that leads above the root stays (and so matches
 * nothing), except after a leading slash, where there is no above.
 */
function cleanPattern(text: string): string {
  const rooted = text.startsWith("/");
  const kept: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push(part);
  }
  return kept.length === 0 ? "." : kept.join("/");
}

function bad(
  pattern: string,
  why: string,
  hint: string,
  location?: SourceLocation,
  cause?: unknown,
): TsbuildError {
  const where = location === undefined ? "" : ` in ${location.file}`;
  return badPattern(`bad pattern "${pattern}"${where}: ${why}`, pattern, hint, location, cause);
}

function badPattern(
  message: string,
  pattern: string,
  hint: string,
  location?: SourceLocation,
  cause?: unknown,
): TsbuildError {
  return new TsbuildError("CONTEXT_BAD_PATTERN", message, {
    details: { pattern },
    hint,
    ...defined({ location, cause }),
  });
}
