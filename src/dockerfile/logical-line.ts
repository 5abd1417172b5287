// SPDX-License-Identifier: Apache-2.0
// One instruction's text with continuations joined, and the map from its offsets back to lines and columns of the file.

import type { SourceRange } from "../base/index.js";

/** A stretch of a logical line that came from one physical line. `line` and `column` count from 1. */
export interface Segment {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Joined text plus the segments it was joined from, in order; the first has offset 0. */
export class LogicalLine {
  readonly text: string;
  /** Last physical line of the joined text (here-document bodies come after it). */
  readonly endLine: number;
  readonly #segments: readonly Segment[];
  /** Set for a line whose every place is one given range: triggers out of an image's config. */
  readonly fixed: SourceRange | undefined;

  constructor(text: string, segments: readonly Segment[], endLine: number, fixed?: SourceRange) {
    this.text = text;
    this.endLine = endLine;
    this.#segments = segments;
    this.fixed = fixed;
  }

  get startLine(): number {
    return this.fixed?.startLine ?? this.#segments[0]?.line ?? 1;
  }

  /** Every line of the logical line, without columns. */
  get lines(): SourceRange {
    return this.fixed ?? { startLine: this.startLine, endLine: this.endLine };
  }

  /** The place of `text.slice(start, end)`. `endColumn` is the column after the last character. */
  range(start: number, end: number): SourceRange {
    if (this.fixed !== undefined) return this.fixed;
    const first = this.#segmentAt(start);
    // The end belongs to the piece that holds the last character, not to the one that starts there.
    const last = end > start ? this.#segmentAt(end - 1) : first;
    return {
      startLine: first.line,
      startColumn: first.column + start - first.offset,
      endLine: last.line,
      endColumn: last.column + end - last.offset,
    };
  }

  #segmentAt(offset: number): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low] ?? { offset: 0, line: 1, column: 1 };
  }
}
