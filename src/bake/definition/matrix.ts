// SPDX-License-Identifier: Apache-2.0
// A matrix: one target for each combination of the values of several names.

import {
  evaluate,
  type HclBlock,
  type HclObject,
  type HclScope,
  type HclValue,
} from "../../hcl/index.js";
import { isList, isObject } from "../values.js";
import { errorAt } from "./schema.js";
import { innerScope } from "./surroundings.js";
import { attributeOf } from "./variables.js";

/** All combinations of a matrix. */
const combinationLimit = 10_000;

/** The scopes of a block's targets: one that is the outer scope itself, unless the block has a matrix. */
export function scopesOf(block: HclBlock, outer: HclScope): readonly HclScope[] {
  const matrix = attributeOf(block, "matrix");
  if (matrix === undefined) return [outer];
  const { value: expression } = matrix;
  const bad = (why: string): Error => errorAt("BAKE_BLOCK", why, expression.source, expression);
  const value = evaluate(expression, outer);
  if (!isObject(value)) throw bad("a matrix is an object: names with a list of values each");
  let combinations: ReadonlyMap<string, HclValue>[] = [new Map()];
  for (const name of Object.keys(value)) {
    const values = elements(value, name);
    if (values === undefined) throw bad(`the values of ${name} in a matrix must be a list`);
    if (combinations.length * values.length > combinationLimit)
      throw errorAt(
        "BAKE_LIMIT",
        `the matrix has more than ${combinationLimit} combinations`,
        expression.source,
        expression,
      );
    combinations = combinations.flatMap((before) =>
      values.map((each) => new Map([...before, [name, each]])),
    );
  }
  return combinations.map((names) => innerScope(outer, (name) => names.get(name)));
}

function elements(matrix: HclObject, name: string): readonly HclValue[] | undefined {
  const value = matrix[name] ?? null;
  if (isList(value)) return value;
  return isObject(value) ? Object.values(value) : undefined;
}
