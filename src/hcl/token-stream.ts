// SPDX-License-Identifier: Apache-2.0
// Tokens one after the other. Within brackets and parentheses a newline is a blank.

import { TsbuildError, defined, type SourceRange } from "../base/index.js";
import type { Locate } from "./places.js";
import type { Node, NodeShape } from "./syntax-tree.js";
import type { Token, TokenKind } from "./tokens.js";
import type { HclSource } from "./types.js";

/** How deep expressions and blocks may be nested: the parser and the evaluator call themselves. */
const deepest = 200;

export class TokenStream {
  readonly source: HclSource;
  private readonly tokens: readonly Token[];
  private readonly locate: Locate;
  private readonly parser: (stream: TokenStream) => Node;
  private at = 0;
  private depth = 0;
  private readonly newlines: boolean[] = [true];

  /** `parser` takes an expression: terms and templates have them within. */
  constructor(
    source: HclSource,
    tokens: readonly Token[],
    locate: Locate,
    parser: (stream: TokenStream) => Node,
  ) {
    this.source = source;
    this.tokens = tokens;
    this.locate = locate;
    this.parser = parser;
  }

  expression(): Node {
    return this.parser(this);
  }

  peek(): Token {
    if (this.newlines.at(-1) === false) while (this.here().kind === "newline") this.at++;
    return this.here();
  }

  next(): Token {
    const token = this.peek();
    // The end is never passed.
    if (token.kind !== "end") this.at++;
    return token;
  }

  is(kind: TokenKind, text?: string): boolean {
    const token = this.peek();
    return token.kind === kind && (text === undefined || token.text === text);
  }

  isSymbol(text: string): boolean {
    return this.is("symbol", text);
  }

  isWord(text: string): boolean {
    return this.is("identifier", text);
  }

  /** Takes the token if it is the symbol. */
  takeSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.next();
    return true;
  }

  /** Runs with newlines as tokens or without. */
  withNewlines<T>(count: boolean, run: () => T): T {
    this.newlines.push(count);
    const result = run();
    this.newlines.pop();
    return result;
  }

  /** Runs one level deeper. */
  deeper<T>(run: () => T): T {
    if (++this.depth > deepest)
      throw new TsbuildError("HCL_LIMIT", `more than ${deepest} levels of nesting`, {
        location: this.location(this.peek()),
      });
    const result = run();
    this.depth--;
    return result;
  }

  /** Where the last token that was taken ends. */
  lastEnd(): number {
    return this.tokens[this.at - 1]?.end ?? 0;
  }

  range(start: number, end: number = this.lastEnd()): SourceRange {
    return this.locate(start, end);
  }

  node(start: number, shape: NodeShape): Node {
    return { ...shape, source: this.source, range: this.range(start) };
  }

  /** Throws HCL_SYNTAX at a token: the next one, if none is given. */
  fail(message: string, token: Token = this.peek(), hint?: string): never {
    throw new TsbuildError("HCL_SYNTAX", message, {
      location: this.location(token),
      ...defined({ hint }),
    });
  }

  private here(): Token {
    return this.tokens[this.at] ?? { kind: "end", text: "", start: 0, end: 0 };
  }

  private location(token: Token): { file: string; text: string; range: SourceRange } {
    return { ...this.source, range: this.locate(token.start, token.end) };
  }
}

/** A token as a message names it. */
export function shown({ kind, text }: Token): string {
  switch (kind) {
    case "end":
      return "the end of the file";
    case "newline":
      return "the end of the line";
    case "heredoc-open":
    case "heredoc-close":
      return text.trim();
    case "identifier":
    case "number":
    case "symbol":
    case "quote-open":
    case "quote-close":
    case "quoted":
    case "plain":
    case "interpolation":
    case "directive":
    case "sequence-end":
    case "invalid":
      return text;
  }
}

/** What someone who wrote this token may have meant. */
export function hintFor({ kind, text }: Token): string | undefined {
  if (kind !== "invalid") return undefined;
  switch (text) {
    case "'":
    case "`":
      return 'A string stands in double quotes: "text".';
    case "&":
      return "The operator for both is &&.";
    case "|":
      return "The operator for either is ||.";
    case ";":
      return "Arguments are separated by newlines.";
    case "\n":
    case "\r":
      return "A string ends on the line where it begins; a longer one is written as a heredoc, <<EOT.";
    default:
      return text.startsWith("/*") ? "The comment is not closed: */ is missing." : undefined;
  }
}
