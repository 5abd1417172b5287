// SPDX-License-Identifier: Apache-2.0
// From a value to a value of a type. Strings that say a number or a boolean are as good as those, and the other way round.

import { TsbuildError, didYouMean } from "../base/index.js";
import { brief } from "./brief.js";
import { argumentError } from "./errors.js";
import { parseNumber } from "./literals.js";
import type { HclObject, HclType, HclValue } from "./types.js";
import { typeOf, typeText, unify } from "./unify.js";
import { entriesOf, isList, isObject, objectOf, primitiveText, setOf } from "./values.js";
import { spend, working } from "./work.js";

/** Throws HCL_TYPE with what was expected, and where in the value. Null is of every type. */
export function convert(value: HclValue, type: HclType): HclValue {
  return working(() => converted(value, type, ""));
}

function converted(value: HclValue, type: HclType, at: string): HclValue {
  spend(1);
  if (value === null) return null;
  switch (type.kind) {
    case "any":
      return value;
    case "string":
      return typeof value === "object" ? mismatch(value, type, at) : primitiveText(value);
    case "number":
      return numberOf(value) ?? mismatch(value, type, at);
    case "bool":
      return booleanOf(value) ?? mismatch(value, type, at);
    case "list":
    case "set":
      return isList(value) ? sequence(value, type, at) : mismatch(value, type, at);
    case "tuple":
      if (!isList(value)) return mismatch(value, type, at);
      if (value.length !== type.elements.length)
        throw wrong(`${type.elements.length} elements are required, not ${value.length}`, at);
      return value.map((element, i) =>
        converted(element, type.elements[i] ?? { kind: "any" }, `${at}[${i}]`),
      );
    case "map":
      return isObject(value) ? map(value, type.element, at) : mismatch(value, type, at);
    case "object":
      return isObject(value) ? object(value, type, at) : mismatch(value, type, at);
  }
}

function sequence(
  value: readonly HclValue[],
  type: HclType & { readonly kind: "list" | "set" | "map" },
  at: string,
): HclValue {
  const element = elementType(value, type.element, at);
  const elements = value.map((one, i) => converted(one, element, `${at}[${i}]`));
  return type.kind === "set" ? setOf(elements) : elements;
}

function map(value: HclObject, wanted: HclType, at: string): HclValue {
  const entries = entriesOf(value);
  const element = elementType(
    entries.map(([, one]) => one),
    wanted,
    at,
  );
  return objectOf(entries.map(([name, one]) => [name, converted(one, element, `${at}.${name}`)]));
}

/** Elements of a list are of one type, even if it does not matter which. */
function elementType(values: readonly HclValue[], wanted: HclType, at: string): HclType {
  if (wanted.kind !== "any") return wanted;
  const common = unify(values.map(typeOf));
  if (common === undefined) throw wrong("all elements must be of one type", at);
  return common;
}

function object(
  value: HclObject,
  type: HclType & { readonly kind: "object" },
  at: string,
): HclValue {
  const entries: [string, HclValue][] = [];
  for (const [name, { type: wanted, optional, fallback }] of type.attributes) {
    const given = Object.hasOwn(value, name) ? (value[name] ?? null) : undefined;
    if (given === undefined && !optional)
      throw wrong(
        `attribute ${name} is required${didYouMean(
          name,
          Object.keys(value).filter((key) => !type.attributes.has(key)),
        )}`,
        at,
      );
    const meant = given ?? fallback ?? null;
    entries.push([name, converted(meant, wanted, `${at}.${name}`)]);
  }
  return objectOf(entries);
}

function mismatch(value: HclValue, type: HclType, at: string): never {
  throw wrong(`${typeText(type)} is required, not ${brief(value)}`, at);
}

function wrong(message: string, at: string): TsbuildError {
  return new TsbuildError("HCL_TYPE", at === "" ? message : `${at.replace(/^\./, "")}: ${message}`);
}

function numberOf(value: HclValue): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? parseNumber(value) : undefined;
}

function booleanOf(value: HclValue): boolean | undefined {
  if (value === true || value === "true" || value === "1") return true;
  return value === false || value === "false" || value === "0" ? false : undefined;
}

/** `what` names the value in the error. */
export function toNumber(value: HclValue, what: string): number {
  return numberOf(value) ?? unfit(value, what, "a number");
}

/** See {@link toNumber}. */
export function toBoolean(value: HclValue, what: string): boolean {
  return booleanOf(value) ?? unfit(value, what, "true or false");
}

/** See {@link toNumber}. */
export function toText(value: HclValue, what: string): string {
  if (value === null || typeof value === "object") return unfit(value, what, "a string");
  return primitiveText(value);
}

function unfit(value: HclValue, what: string, wanted: string): never {
  throw argumentError(`${what} must be ${wanted}, not ${brief(value)}`);
}
