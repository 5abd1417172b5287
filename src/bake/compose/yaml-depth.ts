// SPDX-License-Identifier: Apache-2.0
// How deep a YAML text is nested, found without building anything. The parser calls itself for each level, and where the stack ends
// within a regular expression, all of Node ends.

import { Lexer } from "yaml";

/** What the lexer puts in front of a scalar's text, and what else it adds to the text. */
const scalarFollows = "\x1f";
const added = ["\x02", "\x18", scalarFollows];

/** True for a text that is nested deeper than that. Reads no further than it must. */
export function isDeeperThan(limit: number, text: string): boolean {
  const columns: number[] = [];
  let flow = 0;
  let column = 0;
  let opens = true;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (added.includes(token)) {
      isScalar = token === scalarFollows;
      continue;
    }
    const isBracket = !isScalar && /^[[\]{}]$/.test(token);
    if (isBracket) flow += token === "[" || token === "{" ? 1 : -1;
    else if (opens && flow === 0 && /\S/.test(token)) {
      // Whatever is further left has ended.
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      columns.push(column);
    }
    if (columns.length + flow > limit) return true;
    const newline = token.lastIndexOf("\n");
    column = newline === -1 ? column + token.length : token.length - newline - 1;
    // The first of a line, and what stands behind an indicator on the same line, may be a level of its own.
    if (newline !== -1 || (!isScalar && /^[-?:]$/.test(token))) opens = true;
    else if (/\S/.test(token)) opens = false;
    isScalar = false;
  }
  return false;
}
