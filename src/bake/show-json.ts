// SPDX-License-Identifier: Apache-2.0
// JSON as the model's programs write it: the order of keys is that of a map, however the keys look (an object of JavaScript puts
// numbers first), and what means something in HTML is escaped.

import { printableJson } from "../base/index.js";

export type Shown =
  null | boolean | number | string | readonly Shown[] | ReadonlyMap<string, Shown>;

/** Indented by two spaces. */
export function showJson(value: Shown, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const list: readonly Shown[] = value;
    return enclosed(
      "[]",
      list.map((each) => inner + showJson(each, inner)),
      indent,
    );
  }
  if (value instanceof Map) {
    const map: ReadonlyMap<string, Shown> = value;
    return enclosed(
      "{}",
      [...map].map(([key, each]) => `${inner}${quoted(key)}: ${showJson(each, inner)}`),
      indent,
    );
  }
  return quoted(value as null | boolean | number | string);
}

function enclosed(brackets: string, lines: readonly string[], indent: string): string {
  if (lines.length === 0) return brackets;
  return `${brackets.charAt(0)}\n${lines.join(",\n")}\n${indent}${brackets.charAt(1)}`;
}

function quoted(value: null | boolean | number | string): string {
  return printableJson(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
