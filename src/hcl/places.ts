// SPDX-License-Identifier: Apache-2.0
// From offsets in a text to lines and columns.

import type { SourceRange } from "../base/index.js";

/** The place of `text.slice(start, end)`. `endColumn` is the column after the last character. */
export type Locate = (start: number, end: number) => SourceRange;

/** A {@link Locate} for a text. */
export function placesIn(text: string): Locate {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const lineAt = (offset: number): number => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return (start, end) => {
    const first = lineAt(start);
    const last = end > start ? lineAt(end - 1) : first;
    return {
      startLine: first + 1,
      endLine: last + 1,
      startColumn: start - (starts[first] ?? 0) + 1,
      endColumn: end - (starts[last] ?? 0) + 1,
    };
  };
}
