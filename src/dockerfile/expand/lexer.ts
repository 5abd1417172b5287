// SPDX-License-Identifier: Apache-2.0
// The shell-like language of words: quotes, escapes, `$name`, `${name...}`. One pass, no knowledge of Dockerfiles. The raw
// modes leave quotes, escapes or unknown variables as they are; here-document openings are found with them.

import { PatternError, compilePattern, replace, trimPrefix, trimSuffix } from "./pattern.js";
import type { Pattern, StepBudget } from "./pattern.js";

/** How to read a word. */
export interface LexMode {
  readonly escape: string;
  /** False: quotes are ordinary characters (here-document bodies). */
  readonly quotes: boolean;
  readonly keepQuotes?: boolean;
  readonly keepEscapes?: boolean;
  /** Expressions with unset variables stay as written. */
  readonly keepUnset?: boolean;
  readonly maxLength: number;
}

/** What variables stand for. `plain`: used without a modifier. */
export type Lookup = (name: string, plain: boolean) => string | undefined;

/** Thrown for anything malformed; the callers of this room turn it into an error with a place. */
export class LexError extends Error {
  /** True when a value grew beyond the limit. */
  readonly tooLong: boolean;
  constructor(message: string, tooLong = false) {
    super(message);
    this.tooLong = tooLong;
  }
}

export interface LexResult {
  readonly value: string;
  readonly words: readonly string[];
}

/** Nested `${}` beyond this depth are refused: deeper is an attack on the stack, not a Dockerfile. */
const maxDepth = 100;
/** Pattern steps per word: enough for some patterns over a value of 1 MiB, a fraction of a second at most. */
const maxSteps = 50_000_000;

const digits = /\p{Nd}+/uy;
const nameCharacters = /[\p{L}\p{Nd}_]+/uy;
const specialParameters = "@*#?-$!0";
const space = /\s/u;

/** Collects words: white space splits where it was not quoted. Empty words vanish. */
class WordCollector {
  readonly words: string[] = [];
  #current = "";

  /** Text whose white space splits. */
  split(text: string): void {
    const parts = text.split(/\s+/u);
    for (const [i, part] of parts.entries()) {
      if (i > 0) this.finish();
      this.#current += part;
    }
  }

  /** Text that is taken whole. */
  keep(text: string): void {
    this.#current += text;
  }

  finish(): void {
    if (this.#current !== "") this.words.push(this.#current);
    this.#current = "";
  }
}

class Lexer {
  readonly #text: string;
  readonly #mode: LexMode;
  readonly #lookup: Lookup;
  readonly #budget: StepBudget = { left: maxSteps };
  #position = 0;
  #depth = 0;

  constructor(text: string, mode: LexMode, lookup: Lookup) {
    this.#text = text;
    this.#mode = mode;
    this.#lookup = lookup;
  }

  run(collector: WordCollector | undefined): string {
    const value = this.#until(undefined, this.#mode.keepEscapes === true, collector);
    collector?.finish();
    return value;
  }

  /** Reads up to and over `stop`, or to the end when there is none. */
  #until(stop: string | undefined, keepEscapes: boolean, words?: WordCollector): string {
    const text = this.#text;
    const { escape, quotes } = this.#mode;
    let out = "";
    while (this.#position < text.length) {
      const character = text.charAt(this.#position);
      if (character === stop) {
        this.#position++;
        return out;
      }
      let piece: string;
      if (character === "$") {
        piece = this.#dollar();
        words?.split(piece);
      } else if (quotes && character === "'") {
        piece = this.#singleQuoted();
        words?.keep(piece);
      } else if (quotes && character === '"') {
        piece = this.#doubleQuoted(keepEscapes);
        words?.keep(piece);
      } else if (character === "<") {
        piece = this.#angle();
        words?.keep(piece);
      } else if (character === escape) {
        piece = this.#escaped(keepEscapes);
        words?.keep(piece);
      } else {
        const start = this.#position;
        do this.#position++;
        while (this.#position < text.length && !this.#special(text.charAt(this.#position), stop));
        piece = text.slice(start, this.#position);
        words?.split(piece);
      }
      out = this.#grow(out, piece);
    }
    if (stop === "}") throw new LexError("syntax error: missing '}'");
    if (stop !== undefined) throw new LexError(`syntax error: missing '${stop}' in \${}`);
    return out;
  }

  #special(character: string, stop: string | undefined): boolean {
    return (
      character === "$" ||
      character === "<" ||
      character === this.#mode.escape ||
      character === stop ||
      (this.#mode.quotes && (character === "'" || character === '"'))
    );
  }

  #grow(out: string, piece: string): string {
    if (out.length + piece.length > this.#mode.maxLength)
      throw new LexError(`value is longer than ${this.#mode.maxLength} characters`, true);
    return out + piece;
  }

  /** One code point at the position, moving over it; "" at the end. */
  #next(): string {
    const code = this.#text.codePointAt(this.#position);
    if (code === undefined) return "";
    const character = String.fromCodePoint(code);
    this.#position += character.length;
    return character;
  }

  #escaped(keepEscapes: boolean): string {
    const escape = this.#next();
    const character = this.#next();
    // An escape character at the very end is dropped.
    return keepEscapes ? escape + character : character;
  }

  /** `<<` or `<<-` with the white space after it, which does not split: `<< EOF` is one word. */
  #angle(): string {
    const match = /<(?:<-?[ \t\r]*)?/y;
    match.lastIndex = this.#position;
    const found = match.exec(this.#text)?.[0] ?? "<";
    this.#position += found.length;
    return found;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#position + 1);
    if (end === -1) {
      this.#position = this.#text.length;
      throw new LexError("unexpected end of statement while looking for matching single-quote");
    }
    const keep = this.#mode.keepQuotes === true;
    const found = this.#text.slice(
      keep ? this.#position : this.#position + 1,
      keep ? end + 1 : end,
    );
    this.#position = end + 1;
    return found;
  }

  #doubleQuoted(keepEscapes: boolean): string {
    const text = this.#text;
    const { escape } = this.#mode;
    const quote = this.#mode.keepQuotes === true ? '"' : "";
    let out = quote;
    this.#position++;
    while (this.#position < text.length) {
      const character = text.charAt(this.#position);
      if (character === '"') {
        this.#position++;
        return out + quote;
      }
      if (character === "$") {
        out = this.#grow(out, this.#dollar());
      } else if (character === escape) {
        this.#position++;
        const next = text.charAt(this.#position);
        if (next === "") continue;
        // Only these three can be escaped here; before anything else the escape character stays.
        const escapable = next === '"' || next === "$" || next === escape;
        if (escapable) this.#position++;
        out = this.#grow(out, (keepEscapes ? escape : "") + (escapable ? next : escape));
      } else {
        const start = this.#position;
        do this.#position++;
        while (
          this.#position < text.length &&
          !['"', "$", escape].includes(text.charAt(this.#position))
        );
        out = this.#grow(out, text.slice(start, this.#position));
      }
    }
    throw new LexError("unexpected end of statement while looking for matching double-quote");
  }

  /** The name at the position: digits, one special parameter, or letters, digits and `_`. "" when there is none. */
  #name(): string {
    const first = this.#text.charAt(this.#position);
    const matcher = /\p{Nd}/u.test(first) ? digits : nameCharacters;
    if (matcher === nameCharacters && first !== "" && specialParameters.includes(first)) {
      this.#position++;
      return first;
    }
    matcher.lastIndex = this.#position;
    const name = matcher.exec(this.#text)?.[0] ?? "";
    this.#position += name.length;
    return name;
  }

  #dollar(): string {
    const text = this.#text;
    this.#position++;
    if (text.charAt(this.#position) !== "{") {
      const name = this.#name();
      if (name === "") return "$";
      return this.#lookup(name, true) ?? (this.#mode.keepUnset === true ? `$${name}` : "");
    }
    this.#position++;
    const first = text.charAt(this.#position);
    if (first === "") throw new LexError("syntax error: missing '}'");
    if (first === "{" || first === "}" || first === ":")
      throw new LexError("syntax error: bad substitution");
    if (this.#depth >= maxDepth)
      throw new LexError(`variables are nested more than ${maxDepth} deep`);
    this.#depth++;
    const value = this.#braced(this.#name());
    this.#depth--;
    return value;
  }

  /** What follows the name in `${name...}`, the closing brace included. */
  #braced(name: string): string {
    const start = this.#position;
    let operator = this.#next();
    if (operator === "}")
      return this.#lookup(name, true) ?? (this.#mode.keepUnset === true ? `\${${name}}` : "");
    if (operator === "") throw new LexError("syntax error: missing '}'");
    if (operator === "/") return this.#replacement(name, start);
    const colon = operator === ":";
    if (colon) operator = this.#next();
    const known = colon ? "-+?" : "-+?#%";
    if (operator === "" || !known.includes(operator))
      throw new LexError(`unsupported modifier (${(colon ? ":" : "") + operator}) in substitution`);
    const word = this.#until("}", operator === "#" || operator === "%");
    const value = this.#lookup(name, false);
    if (value === undefined && this.#mode.keepUnset === true)
      return `\${${name}${this.#text.slice(start, this.#position)}`;
    const missing = value === undefined || (colon && value === "");
    switch (operator) {
      case "-":
        return missing ? word : value;
      case "+":
        return missing ? "" : word;
      case "?": {
        if (!missing) return value;
        const reason = value === undefined ? "unset" : "empty";
        throw new LexError(`${name}: ${word === "" ? `is not allowed to be ${reason}` : word}`);
      }
      default:
        return this.#trim(value ?? "", word, operator);
    }
  }

  #trim(value: string, word: string, operator: string): string {
    const longest = word.startsWith(operator);
    const source = longest ? word.slice(1) : word;
    return this.#match(source, (pattern) =>
      (operator === "#" ? trimPrefix : trimSuffix)(value, pattern, longest, this.#budget),
    );
  }

  #replacement(name: string, start: number): string {
    const all = this.#text.charAt(this.#position) === "/";
    if (all) this.#position++;
    const source = this.#until("/", true);
    const replacement = this.#until("}", true);
    const value = this.#lookup(name, false);
    if (value === undefined && this.#mode.keepUnset === true)
      return `\${${name}${this.#text.slice(start, this.#position)}`;
    return this.#match(source, (pattern) => {
      const { maxLength } = this.#mode;
      const result = replace(value ?? "", pattern, replacement, all, maxLength, this.#budget);
      if (result === undefined)
        throw new LexError(`value is longer than ${maxLength} characters`, true);
      return result;
    });
  }

  #match(source: string, apply: (pattern: Pattern) => string): string {
    try {
      return apply(compilePattern(source));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      throw new LexError(`invalid pattern (${source}) in substitution: ${error.message}`);
    }
  }
}

/** Reads a word: the value unsplit. Throws LexError. */
export function lexValue(text: string, mode: LexMode, lookup: Lookup): string {
  return new Lexer(text, mode, lookup).run(undefined);
}

/** Reads and splits a word at unquoted white space. Throws LexError. */
export function lexWords(text: string, mode: LexMode, lookup: Lookup): readonly string[] {
  const collector = new WordCollector();
  new Lexer(text, mode, lookup).run(collector);
  return collector.words;
}

/** True for white space as the language sees it. */
export function isSpace(character: string): boolean {
  return space.test(character);
}
