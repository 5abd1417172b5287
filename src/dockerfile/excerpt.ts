// SPDX-License-Identifier: Apache-2.0
// Draws the lines of a Dockerfile around a place, as people know it from BuildKit: file and line, dashes, numbered lines,
// `>>>` on those that matter.

import { printable } from "../base/index.js";
import type { SourceLocation } from "../base/index.js";

const rule = "--------------------";
/** Characters of a line that are shown. */
const maxWidth = 200;
/** Failing lines that are shown from each end when there are more than twice as many. */
const maxEnds = 10;

function shown(line: string): string {
  const text = printable(line.replace(/\r+$/, ""));
  return text.length > maxWidth ? `${text.slice(0, maxWidth)}...` : text;
}

let split: { readonly text: string; readonly lines: readonly string[] } = { text: "", lines: [""] };

/** Thousands of findings are of one file, which may be long: it is split once. */
function linesOf(text: string): readonly string[] {
  if (split.text !== text) split = { text, lines: text.split("\n") };
  return split.lines;
}

/**
 * Some lines around a location: two on each side of a single line, one on each side of several, numbered, `>>>` on the failing ones.
 * Control characters are made harmless and long lines cut. Without text, only file and line.
 */
export function formatExcerpt(location: SourceLocation): string {
  const { file, range, text } = location;
  const head = `${printable(file)}:${range.startLine}`;
  if (text === undefined) return head;
  const lines = linesOf(text);
  const last = Math.min(Math.max(range.endLine, range.startLine), lines.length);
  if (range.startLine < 1 || range.startLine > last) return head;
  const margin = last === range.startLine ? 2 : 1;
  const from = Math.max(1, range.startLine - margin);
  const to = Math.min(lines.length, last + margin);
  const out = [head, rule];
  for (let number = from; number <= to; number++) {
    const failing = number >= range.startLine && number <= last;
    if (failing && number === range.startLine + maxEnds && last - number >= maxEnds) {
      out.push(`     | >>> ... ${last - number - maxEnds + 1} more lines`);
      number = last - maxEnds;
      continue;
    }
    const mark = failing ? ">>>" : "   ";
    out.push(
      ` ${String(number).padStart(3)} | ${mark} ${shown(lines[number - 1] ?? "")}`.trimEnd(),
    );
  }
  out.push(rule);
  return out.join("\n");
}
