// SPDX-License-Identifier: Apache-2.0
// Type constraints: `string`, `list(number)`, `object({ name = string, port = optional(number, 80) })`.

import { TsbuildError, didYouMean } from "../base/index.js";
import { convert } from "./convert.js";
import { locationOf } from "./errors.js";
import { nodeOf, type Node } from "./syntax-tree.js";
import type { HclAttributeType, HclExpression, HclType, HclValue } from "./types.js";

const words = ["any", "string", "number", "bool"] as const;
const collections = ["list", "set", "map"] as const;
const constructors = [...collections, "tuple", "object"] as const;

/**
 * The type that an expression names. `evaluate` gives the values of defaults, in which there are neither variables nor functions.
 * Throws HCL_TYPE with the place.
 */
export function typeFrom(
  expression: HclExpression,
  evaluate: (node: HclExpression) => HclValue,
): HclType {
  return type(nodeOf(expression), evaluate);
}

type Evaluate = (node: HclExpression) => HclValue;

function type(given: Node, evaluate: Evaluate): HclType {
  const node = given.kind === "json-string" ? given.expression() : given;
  if (node.kind === "variable") {
    const word = words.find((known) => known === node.name);
    if (word !== undefined) return { kind: word };
    const constructor = constructors.find((known) => known === node.name);
    if (constructor !== undefined)
      throw wrong(node, `${constructor} needs the types of its elements: ${example(constructor)}`);
    throw wrong(
      node,
      `${node.name} is not a type${didYouMean(node.name, [...words, ...constructors])}`,
    );
  }
  if (node.kind !== "call")
    throw wrong(
      node,
      `this is not a type; types are ${words.join(", ")} and ${constructors.join(", ")}`,
    );
  return constructed(node, evaluate);
}

function constructed(node: Node & { readonly kind: "call" }, evaluate: Evaluate): HclType {
  const { name, args, expand } = node;
  const constructor = constructors.find((known) => known === name);
  if (name === "optional") throw wrong(node, "optional is for the attributes of an object");
  if (constructor === undefined)
    throw wrong(
      node,
      words.some((word) => word === name)
        ? `${name} has no elements`
        : `${name} is not a type${didYouMean(name, [...words, ...constructors])}`,
    );
  const [only] = args;
  if (only === undefined || args.length > 1 || expand)
    throw wrong(node, `${name} has one argument: ${example(constructor)}`);
  const collection = collections.find((known) => known === name);
  if (collection !== undefined) return { kind: collection, element: type(only, evaluate) };
  if (constructor === "tuple") {
    if (only.kind !== "tuple") throw wrong(only, `tuple takes a list: ${example("tuple")}`);
    return { kind: "tuple", elements: only.items.map((item) => type(item, evaluate)) };
  }
  if (only.kind !== "object") throw wrong(only, `object takes an object: ${example("object")}`);
  const attributes = new Map<string, HclAttributeType>();
  for (const { key, value } of only.items) {
    const attribute = evaluate(key);
    if (typeof attribute !== "string") throw wrong(key, "the name of an attribute is a string");
    if (attributes.has(attribute)) throw wrong(key, `the attribute ${attribute} is there twice`);
    attributes.set(attribute, attributeType(value, evaluate));
  }
  return { kind: "object", attributes };
}

function attributeType(node: Node, evaluate: Evaluate): HclAttributeType {
  if (node.kind !== "call" || node.name !== "optional")
    return { type: type(node, evaluate), optional: false };
  const [inner, fallback] = node.args;
  if (inner === undefined || node.args.length > 2)
    throw wrong(node, 'optional has a type and perhaps a default: optional(string, "x")');
  const wanted = type(inner, evaluate);
  if (fallback === undefined) return { type: wanted, optional: true };
  const value = evaluate(fallback);
  try {
    return { type: wanted, optional: true, fallback: convert(value, wanted) };
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    throw wrong(fallback, `the default does not fit: ${error.message}`);
  }
}

function example(constructor: (typeof constructors)[number]): string {
  if (constructor === "tuple") return "tuple([string, number])";
  if (constructor === "object") return "object({ name = string })";
  return `${constructor}(string)`;
}

function wrong(node: Node, message: string): TsbuildError {
  return new TsbuildError("HCL_TYPE", message, { location: locationOf(node) });
}
