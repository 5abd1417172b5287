// SPDX-License-Identifier: Apache-2.0
// Operators. Numbers and booleans may come as strings that say the same.

import { isTsbuildError } from "../base/index.js";
import { toBoolean, toNumber } from "./convert.js";
import { argumentError, evaluationError } from "./errors.js";
import type { BinaryOperator, Node, UnaryOperator } from "./syntax-tree.js";
import type { HclValue } from "./types.js";
import { equal, finite } from "./values.js";

export function unaryValue(operator: UnaryOperator, operand: HclValue): HclValue {
  if (operator === "!") return !toBoolean(operand, "the operand of !");
  return finite(-toNumber(operand, "the operand of -"));
}

export function binaryValue(
  node: Node & { readonly kind: "binary" },
  value: (node: Node) => HclValue,
): HclValue {
  const { operator, left, right } = node;
  if (operator === "||" || operator === "&&") return logical(node, value);
  if (operator === "==") return equal(value(left), value(right));
  if (operator === "!=") return !equal(value(left), value(right));
  const number = (side: Node): number => {
    const operand = value(side);
    try {
      return toNumber(operand, `the operand of ${operator}`);
    } catch (error) {
      if (!isTsbuildError(error)) throw error;
      throw evaluationError(side, error.message);
    }
  };
  return numeric(operator, number(left), number(right));
}

/** One side can decide, even if the other one has no value. */
function logical(
  { operator, left, right }: Node & { readonly kind: "binary" },
  value: (node: Node) => HclValue,
): boolean {
  const decisive = operator === "||";
  const side = (node: Node): boolean => toBoolean(value(node), `the operand of ${operator}`);
  let first: boolean;
  try {
    first = side(left);
  } catch (error) {
    if (!isTsbuildError(error, "HCL_EVALUATION")) throw error;
    if (side(right) === decisive) return decisive;
    throw error;
  }
  return first === decisive ? decisive : side(right);
}

function numeric(
  operator: Exclude<BinaryOperator, "||" | "&&" | "==" | "!=">,
  a: number,
  b: number,
): HclValue {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "+":
      return finite(a + b);
    case "-":
      return finite(a - b);
    case "*":
      return finite(a * b);
    case "/":
      if (b === 0) throw argumentError("division by zero");
      return finite(a / b);
    case "%":
      return finite(remainder(a, b));
  }
}

/** There is a remainder of a division by zero: everything. */
export function remainder(a: number, b: number): number {
  return b === 0 ? a : a % b;
}
