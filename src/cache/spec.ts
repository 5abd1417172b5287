// SPDX-License-Identifier: Apache-2.0
// Parses `--cache-from` and `--cache-to`: `type=...,key=value,...`, or names at registries.

import { TsbuildError, csvFields, didYouMean, parseBoolean, printable } from "../base/index.js";
import type { Attributes } from "./types.js";

export interface CacheSpec {
  readonly type: string;
  readonly attributes: Attributes;
}

/** Throws CACHE_OPTION. */
export function parseCacheSpecs(flag: string, text: string): readonly CacheSpec[] {
  const refuse = (why: string): TsbuildError =>
    new TsbuildError("CACHE_OPTION", `${flag} ${printable(withoutTokens(text))}: ${why}`, {
      hint: "write for example type=registry,ref=example.com/app:cache or type=local,dest=DIR",
    });
  const fields = csvFields(text);
  if (fields === undefined) throw refuse("a quote is out of place");
  if (fields.every((field) => !field.includes("=")))
    return fields.map((ref) => ({ type: "registry", attributes: { ref } }));
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals < 0) throw refuse(`"${printable(field)}" is not key=value`);
    attributes.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const type = attributes.get("type") ?? "";
  if (type === "") throw refuse("it has no type");
  attributes.delete("type");
  return [{ type, attributes: Object.fromEntries(attributes) }];
}

/** Refuses attributes that are not in the list. Throws CACHE_OPTION. */
export function checkAttributes(
  type: string,
  attributes: Attributes,
  known: readonly string[],
): void {
  for (const name of Object.keys(attributes))
    if (!known.includes(name))
      throw optionError(type, `unknown attribute ${printable(name)}${didYouMean(name, known)}`);
}

/** A flag's text without the values of its tokens and keys. */
function withoutTokens(text: string): string {
  return text.replace(/((?:token|secret_access_key)=)[^,"]*/gi, "$1***");
}

/** Throws CACHE_OPTION. */
export function needed(type: string, attributes: Attributes, name: string): string {
  const value = attributes[name] ?? "";
  if (value === "") throw optionError(type, `${name} is missing`);
  return value;
}

/** Throws CACHE_OPTION. */
export function truthOf(
  type: string,
  attributes: Attributes,
  name: string,
  fallback: boolean,
): boolean {
  const value = attributes[name];
  if (value === undefined) return fallback;
  const parsed = parseBoolean(value);
  if (parsed !== undefined) return parsed;
  throw optionError(type, `${name}=${printable(value)} is neither true nor false`);
}

export function optionError(type: string, why: string): TsbuildError {
  return new TsbuildError("CACHE_OPTION", `cache type=${type}: ${why}`);
}
