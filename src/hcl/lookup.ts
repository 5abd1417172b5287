// SPDX-License-Identifier: Apache-2.0
// Attributes of objects and elements of lists. Only what an object has itself is there: nothing of JavaScript's shines through.

import { didYouMean } from "../base/index.js";
import { brief, kindOf } from "./brief.js";
import { convert, toText } from "./convert.js";
import { argumentError } from "./errors.js";
import type { HclValue } from "./types.js";
import { isList, isObject, isSet } from "./values.js";

/** Reads only the property that is asked for. */
export function attributeOf(value: HclValue, name: string): HclValue {
  if (value === null) throw argumentError(`null has no attribute ${name}`);
  if (isObject(value)) {
    if (Object.hasOwn(value, name)) return value[name] ?? null;
    throw argumentError(
      `the object has no attribute ${name}${didYouMean(name, Object.keys(value))}`,
    );
  }
  const hint = isList(value) && !isSet(value) ? `; of all elements it is [*].${name}` : "";
  throw argumentError(`${kindOf(value)} has no attribute ${name}${hint}`);
}

/** What stands in brackets. */
export function elementOf(value: HclValue, key: HclValue): HclValue {
  if (value === null) throw argumentError("null has no elements");
  if (key === null) throw argumentError("null cannot be an index");
  if (isObject(value)) {
    return attributeOf(value, toText(key, "the index of an object"));
  }
  if (isSet(value)) throw argumentError("the elements of a set have no index");
  if (!isList(value)) throw argumentError(`${kindOf(value)} has no elements`);
  const index = typeof key === "object" ? NaN : Number(convert(key, { kind: "number" }));
  if (!Number.isInteger(index) || index < 0)
    throw argumentError(`the index of a list is a whole number from 0, not ${brief(key)}`);
  const element = value[index];
  if (element === undefined)
    throw argumentError(
      value.length === 0
        ? "the list has no elements"
        : `the list has ${value.length} elements, the last one is [${value.length - 1}], not [${index}]`,
    );
  return element;
}
