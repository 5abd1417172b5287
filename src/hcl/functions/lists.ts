// SPDX-License-Identifier: Apache-2.0
// Functions of lists.

import { argumentError } from "../errors.js";
import { elementOf } from "../lookup.js";
import type { HclFunction, HclValue } from "../types.js";
import { distinct, equal, isList, isObject, isSet, setOf } from "../values.js";
import { allow, spend } from "../work.js";
import { alike, anything, list, something, takes, takesMore, texts, whole } from "./parameters.js";

export const lists: Readonly<Record<string, HclFunction>> = {
  length: takes({ collection: something }, ({ collection }) => {
    if (isObject(collection)) return Object.keys(collection).length;
    return list(collection, "collection").length;
  }),
  element: takes({ list, index: whole }, ({ list: elements, index }) => {
    ordered(elements);
    if (elements.length === 0) throw argumentError("the list is empty");
    const at = index % elements.length;
    return elements[at < 0 ? at + elements.length : at] ?? null;
  }),
  hasindex: takes({ collection: something, key: something }, ({ collection, key }) => {
    if (isObject(collection)) return typeof key === "string" && Object.hasOwn(collection, key);
    const { length } = ordered(list(collection, "collection"));
    return typeof key === "number" && Number.isInteger(key) && key >= 0 && key < length;
  }),
  index: takes({ collection: something, key: something }, ({ collection, key }) => {
    if (!isObject(collection)) ordered(list(collection, "collection"));
    if (typeof key !== (isObject(collection) ? "string" : "number"))
      throw argumentError(`key must be a ${isObject(collection) ? "string" : "number"}`);
    return elementOf(collection, key);
  }),
  indexof: takes({ list, value: something }, ({ list: elements, value }) => {
    const at = ordered(elements).findIndex((element) => equal(element, value));
    if (at < 0) throw argumentError("the value is not in the list");
    return at;
  }),
  contains: takes({ list, value: something }, ({ list: elements, value }) =>
    elements.some((element) => equal(element, value)),
  ),
  coalescelist: takesMore(
    {},
    anything,
    (_, given) => {
      const found = given.find(
        (value) => value !== null && list(value, "each argument").length > 0,
      );
      if (found === undefined) throw argumentError("all lists are empty or null");
      return found;
    },
    1,
  ),
  compact: takes({ list: texts }, ({ list: elements }) =>
    elements.filter((element) => element !== null && element !== ""),
  ),
  concat: takesMore(
    {},
    list,
    (_, given) => {
      for (const one of given) ordered(one);
      allow(
        "list",
        given.reduce((sum, { length }) => sum + length, 0),
      );
      return given.flat();
    },
    1,
  ),
  distinct: takes({ list: alike }, ({ list: elements }) => distinct(elements)),
  chunklist: takes({ list: alike, size: whole }, ({ list: elements, size }) => {
    if (size < 0) throw argumentError("size must not be negative");
    if (elements.length === 0) return [];
    if (size === 0) return [elements];
    const chunks: HclValue[] = [];
    for (let at = 0; at < elements.length; at += size) chunks.push(elements.slice(at, at + size));
    return chunks;
  }),
  flatten: takes({ list }, ({ list: elements }) => {
    const flat: HclValue[] = [];
    flatten(elements, flat);
    return flat;
  }),
  reverselist: takes({ list }, ({ list: elements }) => [...elements].reverse()),
  slice: takes(
    { list, start_index: whole, end_index: whole },
    ({ list: elements, start_index: start, end_index: end }) => {
      ordered(elements);
      if (start < 0 || end > elements.length || start > end)
        throw argumentError(
          `start_index and end_index must be in order and between 0 and ${elements.length}`,
        );
      return elements.slice(start, end);
    },
  ),
  setproduct: takesMore({}, list, (_, given) => product(given), 2),
};

function ordered(elements: readonly HclValue[]): readonly HclValue[] {
  if (isSet(elements)) throw argumentError("the elements of a set have no order");
  return elements;
}

function flatten(elements: readonly HclValue[], into: HclValue[]): void {
  spend(elements.length);
  for (const element of elements)
    if (isList(element)) flatten(element, into);
    else into.push(element);
}

/** All combinations. If one of the lists is a set, so is the result. */
function product(given: readonly (readonly HclValue[])[]): HclValue {
  const total = given.reduce((sum, { length }) => sum * length, 1);
  allow("list", total);
  spend(total * given.length);
  let tuples: (readonly HclValue[])[] = [[]];
  given.forEach((elements, i) => {
    const same = alike(elements, `argument ${i + 1}`);
    tuples = tuples.flatMap((tuple) => same.map((element) => [...tuple, element]));
  });
  return given.some(isSet) ? setOf(tuples) : tuples;
}
