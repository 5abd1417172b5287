// SPDX-License-Identifier: Apache-2.0
// Physical lines to logical lines: comments, continuations, blank lines inside them, here-document bodies. Follows the
// classic parser to the letter, quirks included, because files in the wild depend on them; knows no instruction.

import type { SourceRange } from "../base/index.js";
import { LogicalLine } from "./logical-line.js";
import type { Segment } from "./logical-line.js";
import type { EscapeCharacter } from "./types.js";

/** A logical line with what was found around it. */
export interface ReadLine {
  readonly line: LogicalLine;
  /** Comments above since the last instruction; a bare `#` forgets those before it. */
  readonly comments: readonly string[];
  /** Lines (from 1) that were blank inside the continuation. */
  readonly blankLines: readonly number[];
}

/** A here-document's raw lines, terminator excluded, line endings as in the file. */
export interface ReadBody {
  readonly content: string;
  readonly range: SourceRange;
}

export class LineReader {
  readonly #lines: readonly string[];
  readonly #escape: EscapeCharacter;
  /** Index of the next physical line to read. */
  #next = 0;
  #comments: string[] = [];

  /** `skip`: number of leading lines (the directive zone) that are not read. */
  constructor(text: string, escape: EscapeCharacter, skip: number) {
    this.#lines = text.split("\n");
    // A final newline ends the last line; it does not start another.
    if (this.#lines[this.#lines.length - 1] === "") this.#lines = this.#lines.slice(0, -1);
    this.#escape = escape;
    this.#next = skip;
  }

  /** Physical lines in the file. */
  get lineCount(): number {
    return this.#lines.length;
  }

  /** The next instruction's logical line, or undefined at the end. Comments and blank lines between are consumed. */
  read(): ReadLine | undefined {
    while (this.#next < this.#lines.length) {
      const raw = withoutLineEnd(this.#lines[this.#next] ?? "");
      const text = raw.trimStart();
      this.#next++;
      if (text.startsWith("#")) {
        this.#noteComment(text);
        continue;
      }
      const continued = this.#continued(text);
      if (continued === undefined && text === "") continue;
      const column = raw.length - text.length + 1;
      const found = this.#join(continued ?? text, continued !== undefined, column);
      // A lone continuation character at the end of the file.
      if (found.line.text.trim() === "") continue;
      this.#comments = [];
      return found;
    }
    return undefined;
  }

  /** Reads lines up to one that is `name`; undefined when the file ends first. `chomp`: leading tabs of that line do not count. */
  readBody(name: string, chomp: boolean): ReadBody | undefined {
    const first = this.#next;
    const body: string[] = [];
    while (this.#next < this.#lines.length) {
      const line = this.#lines[this.#next] ?? "";
      this.#next++;
      const bare = withoutLineEnd(line);
      if ((chomp ? bare.replace(/^\t+/, "") : bare) === name) {
        const content = body.length === 0 ? "" : body.join("\n") + "\n";
        return { content, range: { startLine: first + 1, endLine: this.#next } };
      }
      body.push(line);
    }
    return undefined;
  }

  /** Last line read so far (from 1). */
  get position(): number {
    return this.#next;
  }

  #noteComment(line: string): void {
    const comment = line.slice(1).trim();
    if (comment === "") this.#comments = [];
    else this.#comments.push(comment);
  }

  #join(first: string, open: boolean, column: number): ReadLine {
    const segments: Segment[] = [{ offset: 0, line: this.#next, column }];
    const pieces = [first];
    const blankLines: number[] = [];
    let length = first.length;
    let continues = open;
    while (continues && this.#next < this.#lines.length) {
      const raw = withoutLineEnd(this.#lines[this.#next] ?? "");
      this.#next++;
      const bare = raw.trimStart();
      if (bare.startsWith("#")) continue;
      if (bare === "") {
        blankLines.push(this.#next);
        continue;
      }
      const continued = this.#continued(raw);
      const piece = continued ?? raw;
      segments.push({ offset: length, line: this.#next, column: 1 });
      pieces.push(piece);
      length += piece.length;
      continues = continued !== undefined;
    }
    return {
      line: new LogicalLine(pieces.join(""), segments, this.#next),
      comments: this.#comments,
      blankLines,
    };
  }

  /**
   * The line without its continuation character, or undefined when it does not continue. Only one preceding character is
   * looked at: `\\` does not continue, and neither does `\\\` (the classic parser's rule).
   */
  #continued(line: string): string | undefined {
    let end = line.length;
    while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
    if (end === 0 || line[end - 1] !== this.#escape) return undefined;
    if (end > 1 && line[end - 2] === this.#escape) return undefined;
    return line.slice(0, end - 1);
  }
}

function withoutLineEnd(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") end--;
  return line.slice(0, end);
}
