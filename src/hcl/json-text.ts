// SPDX-License-Identifier: Apache-2.0
// JSON with what JSON.parse forgets: places, the order of properties, and properties of the same name.

import { TsbuildError, type SourceRange } from "../base/index.js";
import { placesIn, type Locate } from "./places.js";
import type { HclSource } from "./types.js";

export type JsonNode = { readonly range: SourceRange } & (
  | { readonly kind: "value"; readonly value: null | boolean | number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "object"; readonly properties: readonly JsonProperty[] }
);

export interface JsonProperty {
  readonly name: string;
  readonly range: SourceRange;
  readonly value: JsonNode;
}

const deepest = 200;
const space = /[ \t\r\n]*/y;
const word = /true|false|null/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Each text has one way to be matched: a string without an end is found to be none at once.
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;

/** Throws HCL_SYNTAX with the place. */
export function parseJson(source: HclSource): JsonNode {
  return new JsonParser(source).whole();
}

class JsonParser {
  private readonly source: HclSource;
  private at = 0;
  private depth = 0;
  private readonly locate: Locate;

  constructor(source: HclSource) {
    this.source = source;
    this.locate = placesIn(source.text);
  }

  whole(): JsonNode {
    if (this.source.text.startsWith("\ufeff")) this.at = 1;
    const value = this.value();
    this.skip();
    if (this.at < this.source.text.length) this.fail("expected the end of the file");
    return value;
  }

  private value(): JsonNode {
    this.skip();
    const start = this.at;
    const character = this.source.text[start];
    if (character === "{" || character === "[") {
      if (++this.depth > deepest)
        throw new TsbuildError("HCL_LIMIT", `more than ${deepest} levels of nesting`, {
          location: this.location(),
        });
      this.at++;
      const node = character === "{" ? this.object(start) : this.array(start);
      this.depth--;
      return node;
    }
    if (character === '"') {
      const value = this.string();
      return { kind: "string", value, range: this.locate(start, this.at) };
    }
    const text = this.match(word) ?? this.match(number);
    if (text === undefined) return this.fail("expected a value");
    const value = JSON.parse(text) as null | boolean | number;
    if (typeof value === "number" && !Number.isFinite(value)) this.fail("the number is too large");
    return { kind: "value", value, range: this.locate(start, this.at) };
  }

  private object(start: number): JsonNode {
    const properties: JsonProperty[] = [];
    if (!this.take("}"))
      do {
        this.skip();
        const from = this.at;
        const name = this.string();
        const range = this.locate(from, this.at);
        if (!this.take(":")) this.fail("expected : after the name of a property");
        properties.push({ name, range, value: this.value() });
      } while (this.more("}"));
    return { kind: "object", properties, range: this.locate(start, this.at) };
  }

  private array(start: number): JsonNode {
    const items: JsonNode[] = [];
    if (!this.take("]"))
      do items.push(this.value());
      while (this.more("]"));
    return { kind: "array", items, range: this.locate(start, this.at) };
  }

  private more(close: "}" | "]"): boolean {
    if (this.take(",")) return true;
    if (!this.take(close)) this.fail(`expected , or ${close}`);
    return false;
  }

  private string(): string {
    const text = this.match(string);
    return text === undefined ? this.fail("expected a string") : (JSON.parse(text) as string);
  }

  private take(character: string): boolean {
    this.skip();
    if (this.source.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private skip(): void {
    this.match(space);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source.text)?.[0];
    if (text === undefined) return undefined;
    this.at += text.length;
    return text;
  }

  private fail(message: string): never {
    throw new TsbuildError("HCL_SYNTAX", message, { location: this.location() });
  }

  private location(): { file: string; text: string; range: SourceRange } {
    return { ...this.source, range: this.locate(this.at, this.at + 1) };
  }
}
