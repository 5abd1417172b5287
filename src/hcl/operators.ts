// SPDX-License-Identifier: Apache-2.0
// Operators. Numbers and booleans may come as strings that say the same.

import { attempt } from "./attempt.js";
import { toBoolean, toNumber } from "./convert.js";
import { argumentError, blaming } from "./errors.js";
import type { BinaryOperator, Node } from "./syntax-tree.js";
import type { HclValue } from "./types.js";
import { equal, finite } from "./values.js";

type ValueOf = (node: Node) => HclValue;

export function unaryValue(
  { operator, operand }: Node & { readonly kind: "unary" },
  value: ValueOf,
): HclValue {
  const given = value(operand);
  const what = `the operand of ${operator}`;
  return blaming(operand, () =>
    operator === "!" ? !toBoolean(given, what) : finite(-toNumber(given, what)),
  );
}

export function binaryValue(node: Node & { readonly kind: "binary" }, value: ValueOf): HclValue {
  const { operator, left, right } = node;
  if (operator === "||" || operator === "&&") return logical(node, value);
  if (operator === "==") return equal(value(left), value(right));
  if (operator === "!=") return !equal(value(left), value(right));
  const number = (side: Node): number => {
    const operand = value(side);
    return blaming(side, () => toNumber(operand, `the operand of ${operator}`));
  };
  return numeric(operator, number(left), number(right));
}

/** One side can decide, even if the other one has no value. */
function logical(
  { operator, left, right }: Node & { readonly kind: "binary" },
  value: ValueOf,
): boolean {
  const decisive = operator === "||";
  const side = (node: Node): boolean => {
    const operand = value(node);
    return blaming(node, () => toBoolean(operand, `the operand of ${operator}`));
  };
  const first = attempt(() => side(left));
  if ("value" in first) return first.value === decisive ? decisive : side(right);
  if (side(right) === decisive) return decisive;
  throw first.error;
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
      return decimal(a + b);
    case "-":
      return decimal(a - b);
    case "*":
      return decimal(a * b);
    case "/":
      if (b === 0) throw argumentError("division by zero");
      return decimal(a / b);
    case "%":
      return decimal(remainder(a, b));
  }
}

/** There is a remainder of a division by zero: everything. */
export function remainder(a: number, b: number): number {
  return b === 0 ? a : a % b;
}

/**
 * The result of an operation on decimal numbers: 0.1 + 0.2 is 0.3, as the language's own numbers of any precision have it. Of the
 * 17 digits of a double, the last two are those that tell it from a decimal number.
 */
export function decimal(value: number): number {
  return finite(Number.isInteger(value) ? value : Number(value.toPrecision(15)));
}
