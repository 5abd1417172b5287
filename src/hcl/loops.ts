// SPDX-License-Identifier: Apache-2.0
// For expressions and splats.

import { brief, kindOf } from "./brief.js";
import { toBoolean, toText } from "./convert.js";
import { blaming, evaluationError } from "./errors.js";
import { innerScope, type Surroundings } from "./surroundings.js";
import type { ForShape, Node } from "./syntax-tree.js";
import type { HclValue } from "./types.js";
import { entriesOf, isList, isObject, isSet, objectOf } from "./values.js";

/** Visits lists in their order, objects in that of their names. */
export function forValue(node: Node & ForShape, around: Surroundings): HclValue {
  const collection = around.evaluate(node.collection, around);
  const results: HclValue[] = [];
  const groups = new Map<string, HclValue[]>();
  for (const [key, value] of visits(node.collection, collection)) {
    const names = new Map([[node.valueName, value]]);
    if (node.keyName !== undefined) names.set(node.keyName, key);
    const inner = { ...around, scope: innerScope(around.scope, names) };
    if (node.condition !== undefined && !holds(node.condition, inner)) continue;
    if (node.key === undefined) {
      results.push(around.evaluate(node.value, inner));
      continue;
    }
    const name = keyOf(node.key, inner);
    const group = groups.get(name);
    if (group !== undefined && !node.grouped)
      throw evaluationError(
        node.key,
        `two elements have the key ${brief(name)}`,
        "With ... after the value, values of one key become a list.",
      );
    const result = around.evaluate(node.value, inner);
    if (group === undefined) groups.set(name, [result]);
    else group.push(result);
  }
  if (node.key === undefined) return results;
  return objectOf(
    [...groups].map(([name, group]) => [name, node.grouped ? group : (group[0] ?? null)]),
  );
}

function visits(node: Node, collection: HclValue): Iterable<readonly [HclValue, HclValue]> {
  if (isSet(collection)) return (collection as readonly HclValue[]).map((value) => [value, value]);
  if (isList(collection)) return collection.entries();
  if (isObject(collection)) return entriesOf(collection);
  throw evaluationError(
    node,
    `for visits the elements of a list or an object, and this is ${kindOf(collection)}`,
  );
}

function holds(condition: Node, around: Surroundings): boolean {
  const value = around.evaluate(condition, around);
  if (value === null) throw evaluationError(condition, "the condition after if is null");
  return blaming(condition, () => toBoolean(value, "the condition after if"));
}

function keyOf(node: Node, around: Surroundings): string {
  const value = around.evaluate(node, around);
  if (value === null) throw evaluationError(node, "null cannot be the key of an object");
  return blaming(node, () => toText(value, "the key of an object"));
}

/** A value that is no list is a list of one, and null one of none. */
export function splatValue(
  node: Node & { readonly kind: "splat" },
  around: Surroundings,
): HclValue {
  const source = around.evaluate(node.of, around);
  if (source === null) return [];
  const elements = isList(source) ? source : [source];
  return elements.map((item) => around.evaluate(node.each, { ...around, item }));
}
