// SPDX-License-Identifier: Apache-2.0
// The part of Go's templates that scripts use with --format: fields, `index` and `json`.

import { isRecord, printable, printableJson } from "../base/index.js";
import { usageError } from "./options/values.js";

const action = /\{\{-?\s*(.*?)\s*-?\}\}/gs;
const word = /\(|\)|"(?:[^"\\]|\\.)*"|[^\s()]+/g;

/** Whether a template may ask for a field of the whole. */
export function asksFor(template: string, field: string): boolean {
  return [...template.matchAll(action)].some(([, text = ""]) => {
    const fields = text.match(/\.[A-Za-z]\w*/g) ?? [];
    return fields.some((one) => one.toLowerCase() === `.${field.toLowerCase()}`);
  });
}

/**
 * Fills in `{{.A.B}}`, `{{json .A}}` and `{{json (index .A "key").B}}`. Fields are found whatever their case, without `_`.
 * What is not there is `<no value>`, as in Go. Throws CLI_USAGE for anything else.
 */
export function fillGoTemplate(template: string, value: unknown): string {
  return template.replace(action, (_whole, text: string) => {
    const words = text.match(word) ?? [];
    const isJson = words[0] === "json";
    const result = new Expression(template, isJson ? words.slice(1) : words).value(value);
    if (isJson) return printableJson(result ?? null, 2);
    if (result === undefined || result === null) return "<no value>";
    return typeof result === "string" ? printable(result) : printableJson(result, 0);
  });
}

class Expression {
  readonly #template: string;
  readonly #words: string[];

  constructor(template: string, words: readonly string[]) {
    this.#template = template;
    this.#words = [...words];
  }

  value(whole: unknown): unknown {
    const result = this.#operand(whole, true);
    if (this.#words.length > 0) throw this.#refuse();
    return result;
  }

  #operand(whole: unknown, last: boolean): unknown {
    const first = this.#words.shift();
    if (first === "(") {
      const inner = this.#operand(whole, true);
      if (this.#words.shift() !== ")") throw this.#refuse();
      return this.#words[0]?.startsWith(".") === true ? this.#path(inner) : inner;
    }
    if (first === "index" && last) {
      let found = this.#operand(whole, false);
      while (this.#words.length > 0 && this.#words[0] !== ")") found = step(found, this.#key());
      return found;
    }
    if (first?.startsWith(".") !== true) throw this.#refuse();
    this.#words.unshift(first);
    return this.#path(whole);
  }

  #path(from: unknown): unknown {
    const path = this.#words.shift() ?? "";
    if (!/^(?:\.|(?:\.[A-Za-z]\w*)+)$/.test(path)) throw this.#refuse();
    return path.split(".").filter(Boolean).reduce(fieldOf, from);
  }

  #key(): string | number {
    const text = this.#words.shift() ?? "";
    if (/^\d+$/.test(text)) return Number(text);
    if (!text.startsWith('"')) throw this.#refuse();
    return JSON.parse(text) as string;
  }

  #refuse(): Error {
    return usageError(
      "--format",
      this.#template,
      'only fields, json and index are understood, such as {{json .Manifest}} or {{json (index .Image "linux/amd64")}}',
    );
  }
}

function step(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === "number" ? (value[key] as unknown) : undefined;
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  const plain = (text: string): string => text.replaceAll(/[_.-]/g, "").toLowerCase();
  const key = Object.keys(value).find((one) => plain(one) === plain(name));
  return key === undefined ? undefined : value[key];
}
