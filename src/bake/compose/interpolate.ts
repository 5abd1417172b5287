// SPDX-License-Identifier: Apache-2.0
// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?error}`, `${NAME:+other}` in the texts of Compose files and of `.env`.

import { TsbuildError } from "../../base/index.js";
import { isYamlList, isYamlMap, type Path, type Yaml } from "./yaml.js";

/** The value of a variable. */
export type Lookup = (name: string) => string | undefined;

/** Defaults in defaults, not deeper. */
const depthLimit = 50;

export interface Interpolation {
  readonly lookup: Lookup;
  /** Told of a variable that has no value, which is then empty. */
  readonly missing: (name: string) => void;
}

/** All texts in a value; names in it are left as they are. */
export function interpolateAll(value: Yaml, by: Interpolation, path: Path = []): Yaml {
  if (typeof value === "string") return interpolate(value, by, path.join("."));
  if (isYamlList(value))
    return value.map((each, i) => interpolateAll(each, by, [...path, String(i)]));
  if (isYamlMap(value))
    return new Map(
      [...value].map(([key, each]) => [key, interpolateAll(each, by, [...path, key])]),
    );
  return value;
}

/** Throws BAKE_COMPOSE for what begins like a variable and is none, and for a required one that is missing. */
export function interpolate(text: string, by: Interpolation, at: string, depth = 0): string {
  if (!text.includes("$")) return text;
  if (depth > depthLimit) throw bad(at, "the variables in it are nested too deep");
  let result = "";
  for (let i = 0; i < text.length;) {
    const dollar = text.indexOf("$", i);
    if (dollar === -1) return result + text.slice(i);
    result += text.slice(i, dollar);
    const [name] = /^[_a-z][_a-z0-9]*/i.exec(text.slice(dollar + 1, dollar + 1001)) ?? [];
    if (text[dollar + 1] === "$") {
      result += "$";
      i = dollar + 2;
    } else if (name !== undefined) {
      result += plain(name, by);
      i = dollar + 1 + name.length;
    } else if (text[dollar + 1] === "{") {
      const end = closing(text, dollar + 1);
      if (end === undefined) throw bad(at, `${JSON.stringify(text)} has no closing brace`);
      result += braced(text.slice(dollar + 2, end), by, at, depth);
      i = end + 1;
    } else {
      result += "$";
      i = dollar + 1;
    }
  }
  return result;
}

function plain(name: string, by: Interpolation): string {
  const value = by.lookup(name);
  if (value === undefined) by.missing(name);
  return value ?? "";
}

/** The end of the braces that begin at an index. */
function closing(text: string, start: number): number | undefined {
  let open = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === "{") open++;
    if (text[i] === "}" && --open === 0) return i;
  }
  return undefined;
}

function braced(inside: string, by: Interpolation, at: string, depth: number): string {
  const match = /^([_a-z][_a-z0-9]*)(?:(:?[-+?])([^]*))?$/i.exec(inside);
  if (match === null)
    throw bad(at, `\${${inside}} is not a variable; a $ that is meant as such is written twice`);
  const [, name = "", operator, rest = ""] = match;
  if (operator === undefined) return plain(name, by);
  const value = by.lookup(name);
  const isThere = value !== undefined && !(operator.startsWith(":") && value === "");
  const other = (): string => interpolate(rest, by, at, depth + 1);
  if (operator.endsWith("+")) return isThere ? other() : (value ?? "");
  if (isThere) return value;
  if (operator.endsWith("-")) return other();
  const why = other();
  throw bad(at, `required variable ${name} is missing a value${why === "" ? "" : `: ${why}`}`);
}

function bad(at: string, why: string): TsbuildError {
  return new TsbuildError("BAKE_COMPOSE", at === "" ? why : `${at}: ${why}`);
}
