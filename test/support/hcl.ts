// SPDX-License-Identifier: Apache-2.0
// Expressions in HCL from their text to their value, on a machine that is always the same.

import {
  evaluate,
  parseHcl,
  parseType,
  standardFunctions,
  type HclExpression,
  type HclObject,
  type HclScope,
  type HclType,
  type HclValue,
} from "#src/hcl/index.js";

const functions = standardFunctions({
  home: "/home/me",
  now: () => new Date("2025-09-16T12:00:00.5Z"),
  random: (size) => new Uint8Array(size).fill(7),
});

/** A scope with the standard functions and some variables. */
export function scopeOf(variables: HclObject = {}): HclScope {
  return {
    variable: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
    function: (name) => functions.get(name),
    names: () => ({ variables: Object.keys(variables), functions: functions.keys() }),
  };
}

/** The expression of `value = ...`, which begins in column 9. */
export function expressionOf(text: string): HclExpression {
  const [attribute] = parseHcl({ file: "bake.hcl", text: `value = ${text}\n` }).attributes;
  if (attribute === undefined) throw new Error("no attribute");
  return attribute.value;
}

export function valueOf(text: string, variables: HclObject = {}): HclValue {
  return evaluate(expressionOf(text), scopeOf(variables));
}

export function typeOf(text: string): HclType {
  return parseType(expressionOf(text));
}
