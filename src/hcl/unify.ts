// SPDX-License-Identifier: Apache-2.0
// Types of values, and the one type that several can be converted to.

import type { HclAttributeType, HclType, HclValue } from "./types.js";
import { entriesOf, isList, isSet } from "./values.js";
import { spend } from "./work.js";

const any: HclType = { kind: "any" };

/** Null is of any type. Reads all of an object. */
export function typeOf(value: HclValue): HclType {
  spend(1);
  if (value === null) return any;
  if (typeof value === "string") return { kind: "string" };
  if (typeof value === "number") return { kind: "number" };
  if (typeof value === "boolean") return { kind: "bool" };
  if (isList(value)) {
    const elements = value.map(typeOf);
    return isSet(value)
      ? { kind: "set", element: unify(elements) ?? any }
      : { kind: "tuple", elements };
  }
  const attributes = new Map<string, HclAttributeType>();
  for (const [name, element] of entriesOf(value))
    attributes.set(name, { type: typeOf(element), optional: false });
  return { kind: "object", attributes };
}

/** undefined: there is no such type. */
export function unify(types: readonly HclType[]): HclType | undefined {
  // Types that cannot be unified are tried twice on each level; the steps are what ends that.
  spend(types.length + 1);
  const known = types.filter(({ kind }) => kind !== "any");
  const [first] = known;
  if (first === undefined) return any;
  switch (first.kind) {
    case "any":
    case "string":
    case "number":
    case "bool":
      return primitive(known, first);
    case "list":
    case "set":
    case "tuple":
      return sequence(known);
    case "map":
    case "object":
      return mapping(known);
  }
}

function primitive(types: readonly HclType[], first: HclType): HclType | undefined {
  if (types.every(({ kind }) => kind === first.kind)) return first;
  const all = types.every(({ kind }) => kind === "string" || kind === "number" || kind === "bool");
  // Everything primitive can be a string, but only if one of them is: a number and a boolean have nothing in common.
  return all ? types.find(({ kind }) => kind === "string") : undefined;
}

function sequence(types: readonly HclType[]): HclType | undefined {
  const elements: HclType[] = [];
  const tuples: (readonly HclType[])[] = [];
  let sets = 0;
  for (const type of types) {
    if (type.kind === "tuple") {
      tuples.push(type.elements);
      for (const element of type.elements) elements.push(element);
    } else if (type.kind === "list" || type.kind === "set") {
      elements.push(type.element);
      if (type.kind === "set") sets++;
    } else return undefined;
  }
  const [first] = tuples;
  if (
    first !== undefined &&
    tuples.length === types.length &&
    tuples.every(({ length }) => length === first.length)
  ) {
    const unified = first.map((_, i) => unify(tuples.map((tuple) => tuple[i] ?? any)));
    const whole = unified.filter((type) => type !== undefined);
    if (whole.length === unified.length) return { kind: "tuple", elements: whole };
  }
  const element = unify(elements);
  if (element === undefined) return undefined;
  return { kind: sets === types.length ? "set" : "list", element };
}

function mapping(types: readonly HclType[]): HclType | undefined {
  const elements: HclType[] = [];
  const objects: ReadonlyMap<string, HclAttributeType>[] = [];
  for (const type of types) {
    if (type.kind === "object") {
      objects.push(type.attributes);
      for (const { type: element } of type.attributes.values()) elements.push(element);
    } else if (type.kind === "map") elements.push(type.element);
    else return undefined;
  }
  if (objects.length === types.length) {
    const object = sameNames(objects);
    if (object !== undefined) return object;
  }
  const element = unify(elements);
  return element === undefined ? undefined : { kind: "map", element };
}

function sameNames(objects: readonly ReadonlyMap<string, HclAttributeType>[]): HclType | undefined {
  const [first] = objects;
  if (first === undefined) return undefined;
  const attributes = new Map<string, HclAttributeType>();
  if (!objects.every(({ size }) => size === first.size)) return undefined;
  for (const name of first.keys()) {
    const types = objects.map((object) => object.get(name)?.type);
    const given = types.filter((type) => type !== undefined);
    const type = given.length === types.length ? unify(given) : undefined;
    if (type === undefined) return undefined;
    attributes.set(name, { type, optional: false });
  }
  return { kind: "object", attributes };
}

/** A type as a message names it. */
export function typeText(type: HclType): string {
  switch (type.kind) {
    case "any":
      return "any value";
    case "string":
    case "number":
    case "bool":
      return `a ${type.kind}`;
    case "list":
    case "set":
    case "map":
      return `a ${type.kind}`;
    case "tuple":
      return "a tuple";
    case "object":
      return "an object";
  }
}
