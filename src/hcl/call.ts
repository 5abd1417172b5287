// SPDX-License-Identifier: Apache-2.0
// Calls of functions.

import { TsbuildError, defined, didYouMean, isTsbuildError } from "../base/index.js";
import { evaluationError, locationOf } from "./errors.js";
import type { Surroundings } from "./surroundings.js";
import type { Node } from "./syntax-tree.js";
import type { HclFunction, HclValue } from "./types.js";
import { isList } from "./values.js";
import { allow } from "./work.js";

type Call = Node & { readonly kind: "call" };

export function callValue(node: Call, around: Surroundings): HclValue {
  const called = around.scope.function(node.name);
  if (called === undefined) {
    const known = around.scope.names?.().functions ?? [];
    throw evaluationError(node, `there is no function ${node.name}${didYouMean(node.name, known)}`);
  }
  return named(node, () => weighed(result(node, called, around)));
}

function result(node: Call, called: HclFunction, around: Surroundings): HclValue {
  if (called.lazily === undefined) return called(argumentsOf(node, around));
  if (!node.expand) return called.lazily(node.args, around.scope);
  const literals = argumentsOf(node, around).map((value): Node => ({
    kind: "literal",
    value,
    source: node.source,
    range: node.range,
  }));
  return called.lazily(literals, around.scope);
}

function argumentsOf(node: Call, around: Surroundings): readonly HclValue[] {
  const values: HclValue[] = [];
  node.args.forEach((part, i) => {
    const value = around.evaluate(part, around);
    if (!node.expand || i < node.args.length - 1) values.push(value);
    else if (isList(value)) {
      allow("list", value.length);
      for (const element of value) values.push(element);
    } else throw evaluationError(part, "only a list can be followed by ...");
  });
  return values;
}

/** An error without a place is the function's own: it says what is wrong with the arguments. */
function named(node: Call, run: () => HclValue): HclValue {
  try {
    return run();
  } catch (error) {
    if (!isTsbuildError(error) || error.location !== undefined) throw error;
    throw new TsbuildError(error.code, `${node.name}: ${error.message}`, {
      ...defined({ hint: error.hint }),
      location: locationOf(node),
      details: error.details,
      cause: error.cause,
    });
  }
}

/** What a function gave counts. */
function weighed(value: HclValue): HclValue {
  if (typeof value === "string") allow("text", value.length);
  else if (isList(value)) allow("list", value.length);
  return value;
}
