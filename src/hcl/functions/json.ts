// SPDX-License-Identifier: Apache-2.0
// JSON as values, and values as JSON.

import { jsonShape, messageOf } from "../../base/index.js";
import { argumentError } from "../errors.js";
import type { HclFunction, HclValue } from "../types.js";
import { entriesOf, isList, numberText } from "../values.js";
import { allow, spend } from "../work.js";
import { anything, takes, text } from "./parameters.js";

const deepest = 200;

export const json: Readonly<Record<string, HclFunction>> = {
  jsonencode: takes({ val: anything }, ({ val }) => jsonText(val)),
  jsondecode: takes({ str: text }, ({ str }) => {
    const { depth, values } = jsonShape(str);
    if (depth > deepest) throw argumentError(`the JSON is nested more than ${deepest} levels deep`);
    allow("list", values);
    let value: unknown;
    try {
      value = JSON.parse(str);
    } catch (error) {
      throw argumentError(`this is not JSON: ${messageOf(error)}`);
    }
    return finiteOnly(value as HclValue);
  }),
};

/** In the order of the names, and fit for HTML, as Go's encoder writes it. */
export function jsonText(value: HclValue): string {
  if (typeof value === "number") return numberText(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    spend(1 + Math.ceil(value.length / 16));
    return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, unicodeEscape);
  }
  if (isList(value)) return `[${value.map(jsonText).join(",")}]`;
  return `{${entriesOf(value)
    .map(([name, element]) => `${jsonText(name)}:${jsonText(element)}`)
    .join(",")}}`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** 1e999 is JSON, but no number of ours. */
function finiteOnly(value: HclValue): HclValue {
  if (typeof value === "number" && !Number.isFinite(value))
    throw argumentError("a number in the JSON is too large");
  if (isList(value)) value.forEach(finiteOnly);
  else if (typeof value === "object" && value !== null) Object.values(value).forEach(finiteOnly);
  return value;
}
