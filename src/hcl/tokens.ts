// SPDX-License-Identifier: Apache-2.0
// The words of a text in HCL. Strings and heredocs are templates with expressions in them, which may have strings in them again:
// the scanner keeps a stack of what it is in.

export type TokenKind =
  | "identifier"
  | "number"
  | "newline"
  | "end"
  /** Text is the operator or bracket. */
  | "symbol"
  | "quote-open"
  | "quote-close"
  | "heredoc-open"
  | "heredoc-close"
  /** Text between quotes, with its escapes. */
  | "quoted"
  /** Text of a heredoc, a line at most; or of a JSON string. */
  | "plain"
  /** `${` or `${~`. */
  | "interpolation"
  /** `%{` or `%{~`. */
  | "directive"
  /** `}` or `~}` of the two. */
  | "sequence-end"
  | "invalid";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

type Mode =
  | { readonly in: "expression"; braces: number; readonly nested: boolean }
  | { readonly in: "quotes" }
  | { readonly in: "heredoc"; readonly marker: string; atLineStart: boolean }
  | { readonly in: "template" };

const blank = /[ \t]+/y;
const lineComment = /(?:#|\/\/)[^\n]*/y;
const newline = /\r?\n/y;
const number = /\d(?:(?:[\d.]|[eE][+-]?\d)*(?:\d|[eE][+-]?\d))?/y;
const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const heredocOpen = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;
const symbol = /\.\.\.|==|!=|>=|<=|&&|\|\||::|=>|[[\]().,*/%+\-=<>!?:{}]/y;
// A backslash never ends the string; `$` and `%` are text unless a brace follows.
const quotedText = /(?:\\[^\r\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{)|[^\\"$%\r\n]+)+/y;
const plainText = /(?:\$\$\{|%%\{|\$(?!\{)|%(?!\{)|[^$%\n]+)*\n?/y;
const sequence = /([$%])\{~?/y;

/** Reads a file, or with `template` a text that is all one template (as strings in JSON are). */
export function scan(text: string, template = false): readonly Token[] {
  return new Scanner(text, template).run();
}

class Scanner {
  private readonly text: string;
  private readonly tokens: Token[] = [];
  private readonly modes: Mode[];
  private at = 0;

  constructor(text: string, template: boolean) {
    this.text = text;
    this.modes = [template ? { in: "template" } : { in: "expression", braces: 0, nested: false }];
  }

  run(): readonly Token[] {
    if (this.text.startsWith("\ufeff")) this.at = 1;
    while (this.at < this.text.length) {
      const mode = this.modes.at(-1);
      if (mode === undefined) break;
      if (mode.in === "expression") this.expression(mode);
      else if (mode.in === "quotes") this.quotes();
      else if (mode.in === "heredoc") this.heredoc(mode);
      else this.template();
    }
    this.add("end", this.at);
    return this.tokens;
  }

  private expression(mode: Mode & { in: "expression" }): void {
    if (this.match(blank) !== undefined || this.match(lineComment) !== undefined) return;
    const { at, text } = this;
    if (text.startsWith("/*", at)) return this.comment();
    if (this.match(newline) !== undefined) return this.add("newline", at);
    if (this.match(identifier) !== undefined) return this.add("identifier", at);
    if (this.match(number) !== undefined) return this.add("number", at);
    const heredoc = this.match(heredocOpen);
    if (heredoc !== undefined) {
      this.modes.push({ in: "heredoc", marker: heredoc[1] ?? "", atLineStart: true });
      return this.add("heredoc-open", at);
    }
    if (text[at] === '"') {
      this.at++;
      this.modes.push({ in: "quotes" });
      return this.add("quote-open", at);
    }
    const closes = text[at] === "}" ? 1 : text.startsWith("~}", at) ? 2 : 0;
    if (closes > 0 && mode.nested && mode.braces === 0) {
      this.at += closes;
      this.modes.pop();
      return this.add("sequence-end", at);
    }
    if (this.match(symbol) === undefined) {
      this.at += text.codePointAt(at) === text.charCodeAt(at) ? 1 : 2;
      return this.add("invalid", at);
    }
    if (text[at] === "{") mode.braces++;
    if (text[at] === "}") mode.braces--;
    this.add("symbol", at);
  }

  private comment(): void {
    const start = this.at;
    const close = this.text.indexOf("*/", start + 2);
    this.at = close === -1 ? this.text.length : close + 2;
    if (close === -1) this.add("invalid", start);
  }

  private quotes(): void {
    const { at } = this;
    if (this.match(quotedText) !== undefined) return this.add("quoted", at);
    if (this.openSequence()) return;
    this.at++;
    if (this.text[at] !== '"') return this.add("invalid", at);
    this.modes.pop();
    this.add("quote-close", at);
  }

  private heredoc(mode: Mode & { in: "heredoc" }): void {
    const { at } = this;
    if (mode.atLineStart) {
      const lineEnd = this.text.indexOf("\n", at);
      const line = this.text.slice(at, lineEnd === -1 ? undefined : lineEnd);
      if (line.trim() === mode.marker) {
        // The end of the line ends what the heredoc stands in, too.
        this.at = at + line.replace(/\r$/, "").length;
        this.modes.pop();
        return this.add("heredoc-close", at);
      }
    }
    mode.atLineStart = false;
    if (this.openSequence()) return;
    this.match(plainText);
    mode.atLineStart = this.text[this.at - 1] === "\n";
    this.add("plain", at);
  }

  private template(): void {
    const { at } = this;
    if (this.openSequence()) return;
    this.match(plainText);
    this.add("plain", at);
  }

  private openSequence(): boolean {
    const { at } = this;
    const match = this.match(sequence);
    if (match === undefined) return false;
    this.modes.push({ in: "expression", braces: 0, nested: true });
    this.add(match[1] === "$" ? "interpolation" : "directive", at);
    return true;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null || match[0] === "") return undefined;
    this.at += match[0].length;
    return match;
  }

  private add(kind: TokenKind, start: number): void {
    this.tokens.push({ kind, text: this.text.slice(start, this.at), start, end: this.at });
  }
}
