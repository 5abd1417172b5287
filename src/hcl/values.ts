// SPDX-License-Identifier: Apache-2.0
// Values: what kind they are, their elements in the order of the language, equality, and their text.

import { TsbuildError, compareNames } from "../base/index.js";
import type { HclObject, HclValue } from "./types.js";
import { spend } from "./work.js";

export function isList(value: HclValue): value is readonly HclValue[] {
  return Array.isArray(value);
}

export function isObject(value: HclValue): value is HclObject {
  return typeof value === "object" && value !== null && !isList(value);
}

/** A set looks like a list to those outside, but has no indices. */
const sets = new WeakSet<readonly HclValue[]>();

export function isSet(value: HclValue): boolean {
  return isList(value) && sets.has(value);
}

/** The elements without duplicates; those of one primitive type in their order. */
export function setOf(elements: readonly HclValue[]): readonly HclValue[] {
  const set = distinct(elements);
  if (set.every((value) => typeof value === "string")) set.sort(compareNames);
  else if (set.every((value) => typeof value === "number")) set.sort((a, b) => a - b);
  else if (set.every((value) => typeof value === "boolean"))
    set.sort((a, b) => Number(a) - Number(b));
  sets.add(set);
  return set;
}

/** Each value once, where it stands first. */
export function distinct(elements: readonly HclValue[]): HclValue[] {
  const seen = new Set<string>();
  return elements.filter((value) => {
    const key = identity(value);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The same text for equal values only. */
export function identity(value: HclValue): string {
  spend(1);
  if (isList(value)) return `${isSet(value) ? "{" : "["}${value.map(identity).join(",")}]`;
  if (!isObject(value)) {
    if (typeof value === "string") spend(Math.ceil(value.length / 16));
    return JSON.stringify(value);
  }
  return `{${entriesOf(value)
    .map(([name, element]) => `${JSON.stringify(name)}:${identity(element)}`)
    .join(",")}}`;
}

/** Equal are values of the same type only: "1" is not 1. */
export function equal(a: HclValue, b: HclValue): boolean {
  spend(1);
  if (a === b) return true;
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((value, i) => equal(value, b[i] ?? null));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(a[name] ?? null, b[name] ?? null))
  );
}

/** All names of an object, in the order in which the language visits them. */
export function namesOf(object: HclObject): string[] {
  return Object.keys(object).sort(compareNames);
}

/** Reads all properties. */
export function entriesOf(object: HclObject): [string, HclValue][] {
  const names = namesOf(object);
  spend(names.length);
  return names.map((name) => [name, object[name] ?? null]);
}

/** An object whose properties are its own, whatever their names. */
export function objectOf(entries: Iterable<readonly [string, HclValue]>): HclObject {
  return Object.fromEntries(entries);
}

/** What a message calls the type of a value. */
export function typeName(value: HclValue): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string" || typeof value === "number") return typeof value;
  if (isSet(value)) return "set";
  return isList(value) ? "list" : "object";
}

/** A number as text: without an exponent, however long that gets. */
export function numberText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", fraction = "", power = ""] = match;
  const digits = first + fraction;
  const point = Number(power) + 1;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  // So large a number has no fraction.
  return sign + digits.padEnd(point, "0");
}

/** The text of a primitive value. */
export function primitiveText(value: string | number | boolean): string {
  return typeof value === "number" ? numberText(value) : String(value);
}

/** A value as it stands in a message, in the notation of the language. Reads all of it. */
export function formatHcl(value: HclValue): string {
  if (typeof value === "string") return JSON.stringify(value).replace(/([$%])\{/g, "$1$1{");
  if (typeof value === "number" || typeof value === "boolean") return primitiveText(value);
  if (value === null) return "null";
  if (isList(value)) return `[${value.map(formatHcl).join(", ")}]`;
  const entries = entriesOf(value).map(([name, element]) => `${name} = ${formatHcl(element)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Throws unless the number is one that the language can go on with. */
export function finite(value: number): number {
  if (Number.isNaN(value)) throw new TsbuildError("HCL_EVALUATION", "the result is not a number");
  if (!Number.isFinite(value)) throw new TsbuildError("HCL_EVALUATION", "the number is too large");
  return Object.is(value, -0) ? 0 : value;
}
