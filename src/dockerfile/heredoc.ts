// SPDX-License-Identifier: Apache-2.0
// Here-document openings: which words of a line open one, and what their names mean. Reading the bodies is lines.ts's work.

import { LexError, lexWords } from "./expand/lexer.js";
import type { LexMode } from "./expand/lexer.js";
import type { Heredoc } from "./types.js";

/** An opening (`<<-'EOF'`) understood. */
export type HeredocOpening = Pick<Heredoc, "name" | "expand" | "chomp" | "fd">;

const opening = /^(\d*)<<(-?)\s*([^<]*)$/u;
const nothingSet = (): undefined => undefined;
// Here-documents always escape with a backslash, whatever the escape directive says.
const mode: LexMode = { escape: "\\", quotes: true, keepUnset: true, maxLength: 1 << 21 };

/** Splits like a shell would; undefined when quotes or braces are not balanced. */
function shellWords(text: string, lexMode: LexMode): readonly string[] | undefined {
  try {
    return lexWords(text, lexMode, nothingSet);
  } catch (error) {
    if (error instanceof LexError) return undefined;
    throw error;
  }
}

function quotesIn(text: string): number {
  return text.match(/['"]/g)?.length ?? 0;
}

/** The opening that a whole text is, if it is one: `<<EOF`, `3<<-"EOF"`, `<< EOF`. */
export function parseOpening(text: string): HeredocOpening | undefined {
  const match = opening.exec(text);
  const rest = match?.[3] ?? "";
  if (match === null || rest === "") return undefined;
  const names = shellWords(rest, mode);
  const name = names?.[0];
  if (name === undefined || names?.length !== 1) return undefined;
  const raw = shellWords(rest, { ...mode, keepQuotes: true })?.[0] ?? name;
  return {
    name,
    // Fewer quotes after unquoting: part of the name was quoted, so the body is verbatim.
    expand: quotesIn(name) === quotesIn(raw),
    chomp: match[2] === "-",
    fd: Number(match[1] === "" ? 0 : match[1]),
  };
}

/** The openings of a line in order, found one by one. A line whose quotes do not balance has none. */
export function* findOpenings(line: string): Generator<HeredocOpening> {
  if (!line.includes("<<")) return;
  for (const word of shellWords(line, { ...mode, keepQuotes: true, keepEscapes: true }) ?? []) {
    const opening = word.includes("<<") ? parseOpening(word) : undefined;
    if (opening !== undefined) yield opening;
  }
}

/** A body without the leading tabs of its lines. */
export function chompTabs(content: string): string {
  return content.replace(/^\t+/gm, "");
}
