// SPDX-License-Identifier: Apache-2.0
// Functions of booleans, and of values of any type.

import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { equal } from "../values.js";
import { anything, boolean, sameType, takes, takesMore } from "./parameters.js";

export const logic: Readonly<Record<string, HclFunction>> = {
  and: takes({ a: boolean, b: boolean }, ({ a, b }) => a && b),
  or: takes({ a: boolean, b: boolean }, ({ a, b }) => a || b),
  not: takes({ val: boolean }, ({ val }) => !val),
  equal: takes({ a: anything, b: anything }, ({ a, b }) => equal(a, b)),
  notequal: takes({ a: anything, b: anything }, ({ a, b }) => !equal(a, b)),
  coalesce: takesMore(
    {},
    anything,
    (_, given) => {
      const found = sameType(given, "the arguments").find((value) => value !== null);
      if (found === undefined) throw argumentError("all arguments are null");
      return found;
    },
    1,
  ),
};
