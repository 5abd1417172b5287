// SPDX-License-Identifier: Apache-2.0
// Functions of sets. A list is taken for the set of its elements.

import { argumentError } from "../errors.js";
import type { HclFunction, HclValue } from "../types.js";
import { equal, identity, setOf } from "../values.js";
import { list, sameType, something, takes, takesMore } from "./parameters.js";

type Elements = readonly HclValue[];

/** Keeps the elements that a rule of the two sets asks for. */
const operation = (combine: (a: Elements, b: Elements) => Elements, least: number): HclFunction =>
  takesMore(
    { first_set: list },
    list,
    ({ first_set: first }, others) => {
      const sets = alike([first, ...others]);
      const [head = [], ...tail] = sets;
      return setOf(tail.reduce(combine, setOf(head)));
    },
    least,
  );

export const sets: Readonly<Record<string, HclFunction>> = {
  setunion: operation((a, b) => [...a, ...b], 0),
  setintersection: operation((a, b) => both(a, b, true), 0),
  setsubtract: operation((a, b) => both(a, b, false), 1),
  setsymmetricdifference: operation((a, b) => [...both(a, b, false), ...both(b, a, false)], 0),
  sethaselement: takes({ set: list, elem: something }, ({ set, elem }) =>
    setOf(sameType(set, "set")).some((element) => equal(element, elem)),
  ),
};

/** The elements of `a` that are in `b`, or those that are not. */
function both(a: Elements, b: Elements, wanted: boolean): Elements {
  const other = new Set(b.map(identity));
  return a.filter((element) => other.has(identity(element)) === wanted);
}

function alike(given: readonly Elements[]): Elements[] {
  const all = sameType(given.flat(), "the sets");
  if (given.length === 0) throw argumentError("takes at least one set");
  let at = 0;
  return given.map(({ length }) => all.slice(at, (at += length)));
}
