// SPDX-License-Identifier: Apache-2.0
// From an expression to its value.

import { didYouMean } from "../base/index.js";
import { callValue } from "./call.js";
import { conditionalValue } from "./conditional.js";
import { toText } from "./convert.js";
import { blaming, evaluationError } from "./errors.js";
import { forValue, splatValue } from "./loops.js";
import { attributeOf, elementOf } from "./lookup.js";
import { binaryValue, unaryValue } from "./operators.js";
import { typeFrom } from "./parse-type.js";
import type { Surroundings } from "./surroundings.js";
import { nodeOf, type Node } from "./syntax-tree.js";
import { joinedText, templateText } from "./template-text.js";
import type { HclExpression, HclScope, HclType, HclValue } from "./types.js";
import { objectOf } from "./values.js";
import { level, working } from "./work.js";

/** Throws HCL_EVALUATION with the place, HCL_LIMIT, or what the scope throws. */
export function evaluate(expression: HclExpression, scope: HclScope): HclValue {
  return working(() => valueOf(nodeOf(expression), { scope, evaluate: valueOf }));
}

const noScope: HclScope = { variable: () => undefined, function: () => undefined };

/** A type constraint. Throws HCL_TYPE with the place. */
export function parseType(expression: HclExpression): HclType {
  return working(() => typeFrom(expression, (node) => evaluate(node, noScope)));
}

function valueOf(node: Node, around: Surroundings): HclValue {
  // The innermost place that is known is the one.
  return level(() => blaming(node, () => dispatched(node, around)));
}

function dispatched(node: Node, around: Surroundings): HclValue {
  const value = (part: Node): HclValue => valueOf(part, around);
  switch (node.kind) {
    case "literal":
      return node.value;
    case "variable":
      return variable(node, around.scope);
    case "attribute":
      return attributeOf(value(node.of), node.name);
    case "index":
      return elementOf(value(node.of), value(node.key));
    case "item":
      return around.item ?? null;
    case "splat":
      return splatValue(node, around);
    case "tuple":
      return node.items.map(value);
    case "object":
      return objectOf(node.items.map((item) => [keyText(item.key, value), value(item.value)]));
    case "wrap":
      return value(node.of);
    case "call":
      return callValue(node, around);
    case "for":
      return forValue(node, around);
    case "conditional":
      return conditionalValue(node, around);
    case "binary":
      return binaryValue(node, value);
    case "unary":
      return unaryValue(node, value);
    case "template":
      return templateText(node.parts, value);
    case "join":
      return joinedText(node.of, value(node.of));
    case "json-string":
      return value(node.template());
  }
}

function keyText(node: Node, value: (node: Node) => HclValue): string {
  const key = value(node);
  if (key === null) throw evaluationError(node, "null cannot be the key of an object");
  return blaming(node, () => toText(key, "the key of an object"));
}

function variable(node: Node & { kind: "variable" }, scope: HclScope): HclValue {
  const value = scope.variable(node.name);
  if (value !== undefined) return value;
  const known = scope.names?.().variables ?? [];
  throw evaluationError(node, `there is no variable ${node.name}${didYouMean(node.name, known)}`);
}
