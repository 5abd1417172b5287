// SPDX-License-Identifier: Apache-2.0
// Values of attributes: what an expression gave, as the type that the attribute has. Conversions are those of the language: a
// number or a boolean is accepted for a string, and a string that is one for a number or a boolean.

import { TsbuildError } from "../base/index.js";
import { formatHcl, type HclObject, type HclValue } from "../hcl/index.js";

/** The error for a value that an attribute cannot have. Whoever knows the place adds it. */
export function badValue(why: string): TsbuildError {
  return new TsbuildError("BAKE_ATTRIBUTE", why);
}

export function stringOf(value: HclValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return formatHcl(value);
  throw badValue(`a string is required, not ${nounOf(value)}`);
}

export function booleanOf(value: HclValue): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw badValue(`a bool is required, not ${nounOf(value)}`);
}

export function integerOf(value: HclValue): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw badValue(`a whole number is required, not ${nounOf(value)}`);
}

export function listOf(value: HclValue): readonly HclValue[] {
  if (isList(value)) return value;
  throw badValue(`a list is required, not ${nounOf(value)}`);
}

export function stringsOf(value: HclValue): readonly string[] {
  return listOf(value).map(stringOf);
}

/** The entries of an object. */
export function entriesOf(value: HclValue): readonly (readonly [string, HclValue])[] {
  if (!isObject(value)) throw badValue(`an object is required, not ${nounOf(value)}`);
  return Object.entries(value);
}

export function stringMapOf(value: HclValue): ReadonlyMap<string, string> {
  return new Map(entriesOf(value).map(([key, each]) => [key, stringOf(each)]));
}

export function nullableMapOf(value: HclValue): ReadonlyMap<string, string | null> {
  return new Map(
    entriesOf(value).map(([key, each]) => [key, each === null ? null : stringOf(each)]),
  );
}

export function isList(value: HclValue): value is readonly HclValue[] {
  return Array.isArray(value);
}

export function isObject(value: HclValue): value is HclObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object without a prototype, so that no name in it means anything else. */
export function objectOf(entries: Iterable<readonly [string, HclValue]>): HclObject {
  const object = Object.create(null) as Record<string, HclValue>;
  for (const [key, value] of entries) object[key] = value;
  return object;
}

function nounOf(value: HclValue): string {
  if (value === null) return "null";
  if (isList(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 100))}`;
  return `the ${typeof value === "number" ? "number" : "bool"} ${formatHcl(value)}`;
}
