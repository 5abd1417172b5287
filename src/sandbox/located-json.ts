// SPDX-License-Identifier: Apache-2.0
// JSON with places: for files that a user writes by hand and wants to be told the line of a mistake. Numbers keep all digits.

import { TsbuildError, type SourceLocation } from "../base/index.js";

/** A value and where it begins. */
export type LocatedJson = { readonly at: number } & (
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "literal"; readonly value: true | false | null }
  | { readonly kind: "array"; readonly items: readonly LocatedJson[] }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, LocatedJson> }
);

const DEEPEST = 64;
const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const text = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const literal = /true|false|null/y;

/** A text being read, and the errors about it. */
export class JsonSource {
  readonly #file: string;
  readonly #text: string;
  readonly #code: string;
  #at = 0;

  /** `code`: of the errors. */
  constructor(file: string, content: string, code: string) {
    this.#file = file;
    this.#text = content.startsWith("\ufeff") ? content.slice(1) : content;
    this.#code = code;
  }

  /** The line and column of an offset. */
  location(at: number): SourceLocation {
    const before = this.#text.slice(0, at).split("\n");
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    return {
      file: this.#file,
      range: { startLine: line, endLine: line, startColumn: column },
      text: this.#text,
    };
  }

  /** An error at an offset; the message says the place, too. */
  error(at: number, problem: string): TsbuildError {
    const location = this.location(at);
    const { startLine, startColumn } = location.range;
    return new TsbuildError(
      this.#code,
      `${this.#file}:${startLine}:${startColumn ?? 1}: ${problem}`,
      { location, details: { file: this.#file, line: startLine } },
    );
  }

  /** The whole text as one value. */
  parse(): LocatedJson {
    const value = this.#value(0);
    this.#take(space);
    if (this.#at < this.#text.length) throw this.error(this.#at, "text after the end of the JSON");
    return value;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }

  #next(char: string): boolean {
    this.#take(space);
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string): void {
    if (!this.#next(char)) throw this.error(this.#at, `expected ${char} here`);
  }

  #value(depth: number): LocatedJson {
    this.#take(space);
    const at = this.#at;
    if (depth > DEEPEST) throw this.error(at, "nested too deeply");
    if (this.#next("{")) return this.#object(at, depth);
    if (this.#next("[")) return this.#array(at, depth);
    const string = this.#take(text);
    if (string !== undefined) return { at, kind: "string", value: JSON.parse(string) as string };
    const digits = this.#take(number);
    if (digits !== undefined) return { at, kind: "number", text: digits };
    const word = this.#take(literal);
    if (word !== undefined)
      return { at, kind: "literal", value: JSON.parse(word) as true | false | null };
    throw this.error(at, at === this.#text.length ? "the JSON ends too early" : "this is no JSON");
  }

  #array(at: number, depth: number): LocatedJson {
    const items: LocatedJson[] = [];
    if (this.#next("]")) return { at, kind: "array", items };
    do items.push(this.#value(depth + 1));
    while (this.#next(","));
    this.#expect("]");
    return { at, kind: "array", items };
  }

  #object(at: number, depth: number): LocatedJson {
    const fields = new Map<string, LocatedJson>();
    if (this.#next("}")) return { at, kind: "object", fields };
    do {
      this.#take(space);
      const place = this.#at;
      const name = this.#take(text);
      if (name === undefined) throw this.error(place, "expected a name in quotes here");
      const key = JSON.parse(name) as string;
      if (fields.has(key)) throw this.error(place, `${key} is given twice`);
      this.#expect(":");
      fields.set(key, this.#value(depth + 1));
    } while (this.#next(","));
    this.#expect("}");
    return { at, kind: "object", fields };
  }
}
