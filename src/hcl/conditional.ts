// SPDX-License-Identifier: Apache-2.0
// `condition ? yes : no`. Both have the same type in the end, so that both are looked at; one that has no value does not
// matter if the other is taken.

import { attempt } from "./attempt.js";
import { kindOf } from "./brief.js";
import { convert, toBoolean } from "./convert.js";
import { blaming, evaluationError } from "./errors.js";
import type { Surroundings } from "./surroundings.js";
import type { Node } from "./syntax-tree.js";
import type { HclValue } from "./types.js";
import { typeOf, unify } from "./unify.js";

export function conditionalValue(
  node: Node & { readonly kind: "conditional" },
  around: Surroundings,
): HclValue {
  const given = around.evaluate(node.condition, around);
  if (given === null) throw evaluationError(node.condition, "the condition is null");
  const condition = blaming(node.condition, () => toBoolean(given, "a condition"));
  const taken = around.evaluate(condition ? node.yes : node.no, around);
  const other = attempt(() => around.evaluate(condition ? node.no : node.yes, around));
  if ("error" in other || taken === null || other.value === null) return taken;
  // Of one primitive type, or the very same: nothing to do, and nothing of an object need be read.
  if (taken === other.value || (typeof taken !== "object" && typeof taken === typeof other.value))
    return taken;
  const type = unify([typeOf(taken), typeOf(other.value)]);
  if (type === undefined)
    throw evaluationError(
      node,
      `${kindOf(condition ? taken : other.value)} and ${kindOf(condition ? other.value : taken)} cannot be the two results of one condition`,
      "Both results must be of one type, or convertible to it.",
    );
  return convert(taken, type);
}
