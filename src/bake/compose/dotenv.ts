// SPDX-License-Identifier: Apache-2.0
// Files of variables, `.env` and what `env_file` names: `NAME=value`, `export NAME="value"`, `NAME: value`, comments.

import { TsbuildError } from "../../base/index.js";
import { interpolate, type Lookup } from "./interpolate.js";

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
  // What is doubled here stands for one, once the variables are in.
  $: "$$",
};

/** A name without a value is that of a variable that is handed on. Values may mention earlier ones. Throws BAKE_COMPOSE. */
export function parseDotEnv(
  text: string,
  file: string,
  lookup: Lookup,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const by = {
    lookup: (name: string) => lookup(name) ?? values.get(name),
    missing: () => undefined,
  };
  const blank = /(?:\s+|#[^\n]*)*/y;
  const statement = /(?:export[^\S\n]+)?([\p{L}\p{N}_.[\]-]+)[^\S\n]*(?:([=:])[^\S\n]*|(?=\n|$))/uy;
  const source = text.replace(/^\ufeff/, "");
  for (let at = 0; ;) {
    blank.lastIndex = at;
    at += blank.exec(source)?.[0].length ?? 0;
    if (at >= source.length) return values;
    statement.lastIndex = at;
    const match = statement.exec(source);
    if (match === null) throw bad(file, source, at, "no NAME=VALUE");
    const [, name = "", sign] = match;
    at = statement.lastIndex;
    if (sign === undefined) {
      const inherited = lookup(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    const quote = source[at];
    if (quote === '"' || quote === "'") {
      const end = closing(source, at, quote);
      if (end === undefined) throw bad(file, source, at, "a quote is not closed");
      const inside = source.slice(at + 1, end).replaceAll(`\\${quote}`, quote);
      values.set(name, quote === "'" ? inside : interpolate(unescaped(inside), by, file));
      at = end + 1;
    } else {
      const newline = source.indexOf("\n", at);
      const end = newline === -1 ? source.length : newline;
      const [value = ""] = source.slice(at, end).split(" #");
      values.set(name, interpolate(value.trimEnd(), by, file));
      at = end;
    }
  }
}

function closing(text: string, start: number, quote: string): number | undefined {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i;
  }
  return undefined;
}

function unescaped(text: string): string {
  return text.replace(/\\([abfnrtv$"\\])/g, (_, letter: string) => escapes[letter] ?? letter);
}

function bad(file: string, text: string, at: number, why: string): TsbuildError {
  const line = text.slice(0, at).split("\n").length;
  return new TsbuildError("BAKE_COMPOSE", `${file}, line ${line}: ${why}`, {
    location: { file, text, range: { startLine: line, endLine: line } },
  });
}
