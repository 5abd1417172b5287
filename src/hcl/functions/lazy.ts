// SPDX-License-Identifier: Apache-2.0
// Functions that decide themselves what of their arguments is evaluated.

import { attempt } from "../attempt.js";
import { convert } from "../convert.js";
import { argumentError } from "../errors.js";
import { evaluate, parseType } from "../evaluate.js";
import type { HclExpression, HclFunction, HclScope, HclValue } from "../types.js";

export const lazy: Readonly<Record<string, HclFunction>> = {
  // The first argument that has a value.
  try: lazily((args, scope) => {
    const reasons: string[] = [];
    for (const arg of args) {
      const tried = attempt(() => evaluate(arg, scope));
      if ("value" in tried) return tried.value;
      reasons.push(tried.error.message);
    }
    throw argumentError(
      reasons.length === 0
        ? "takes at least one argument"
        : `nothing has a value: ${reasons.join("; ")}`,
    );
  }),
  can: lazily((args, scope) => {
    const [arg] = args;
    if (arg === undefined || args.length > 1) throw argumentError("takes one argument");
    return "value" in attempt(() => evaluate(arg, scope));
  }),
  convert: lazily((args, scope) => {
    const [value, type] = args;
    if (value === undefined || type === undefined || args.length > 2)
      throw argumentError("takes a value and a type");
    return convert(evaluate(value, scope), parseType(type));
  }),
};

function lazily(run: (args: readonly HclExpression[], scope: HclScope) => HclValue): HclFunction {
  return Object.assign(
    () => {
      throw new TypeError("called with values");
    },
    { lazily: run },
  );
}
