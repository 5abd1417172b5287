// SPDX-License-Identifier: Apache-2.0
// `format` and `formatlist`: verbs in the manner of C's printf, with Go's letters.

import { toBoolean, toNumber, toText } from "../convert.js";
import { argumentError } from "../errors.js";
import type { HclFunction, HclValue } from "../types.js";
import { isList } from "../values.js";
import { within } from "../work.js";
import { characters } from "./characters.js";
import { jsonText } from "./json.js";
import { formatFloat, formatInteger, shortestFloat, type Flags } from "./format-number.js";
import { anything, takesMore, text } from "./parameters.js";

/** Wider or more precise than this is nobody's wish. */
const widest = 10_000;

export const formats: Readonly<Record<string, HclFunction>> = {
  format: takesMore({ format: text }, anything, ({ format: pattern }, args) =>
    formatted(pattern, args),
  ),
  formatlist: takesMore({ format: text }, anything, ({ format: pattern }, args) => {
    const lengths = args.filter(isList).map(({ length }) => length);
    const [count = 1] = lengths;
    if (lengths.some((length) => length !== count))
      throw argumentError(`the lists differ in their lengths, ${lengths.join(" and ")}`);
    return Array.from({ length: count }, (_, i) =>
      formatted(
        pattern,
        args.map((arg) => (isList(arg) ? (arg[i] ?? null) : arg)),
      ),
    );
  }),
};

const verb = /%(?:%|([0#\-+ ]*)([1-9]\d*)?(?:\.(\d*))?(?:\[([1-9]\d*)\])?([a-zA-Z]))/y;

function formatted(pattern: string, args: readonly HclValue[]): string {
  let result = "";
  let next = 1;
  let highest = 0;
  for (let at = 0; at < pattern.length;) {
    const percent = pattern.indexOf("%", at);
    if (percent === -1) {
      result += pattern.slice(at);
      break;
    }
    verb.lastIndex = percent;
    const match = verb.exec(pattern);
    if (match === null) throw argumentError(`the format has no verb after % at ${percent + 1}`);
    result += pattern.slice(at, percent);
    at = percent + match[0].length;
    const [raw, flags = "", width, precision, index, letter] = match;
    if (letter === undefined) {
      result += "%";
      continue;
    }
    const position = index === undefined ? next : Number(index);
    if (position > args.length)
      throw argumentError(
        `the format needs an argument ${position} for ${raw}, and there are ${args.length}`,
      );
    highest = Math.max(highest, position);
    next = position + 1;
    result += one(raw, letter, args[position - 1] ?? null, {
      zero: flags.includes("0"),
      sharp: flags.includes("#"),
      plus: flags.includes("+"),
      minus: flags.includes("-"),
      space: flags.includes(" "),
      width: limited(width ?? "0"),
      ...(precision === undefined
        ? {}
        : { precision: limited(precision === "" ? "0" : precision) }),
    });
    within("text", result.length);
  }
  if (highest < args.length)
    throw argumentError(`the format uses ${highest} of ${args.length} arguments`);
  return result;
}

function limited(digits: string): number {
  const value = Number(digits);
  if (value > widest) throw argumentError(`a width of ${digits} is too large`);
  return value;
}

function one(raw: string, letter: string, value: HclValue, flags: Flags): string {
  if (value === null && letter !== "v") throw argumentError(`null cannot be formatted as ${raw}`);
  const what = `the argument of ${raw}`;
  switch (letter) {
    case "v":
      return padded(asIs(value, flags), flags);
    case "t":
      return String(toBoolean(value, what));
    case "s":
      return padded(shortened(toText(value, what), flags), flags);
    case "q":
      return padded(jsonText(shortened(toText(value, what), flags)), flags);
    case "b":
    case "d":
    case "o":
    case "x":
    case "X": {
      const number = toNumber(value, what);
      if (!Number.isInteger(number)) throw argumentError(`${what} must be a whole number`);
      return formatInteger(number, letter, flags);
    }
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return formatFloat(toNumber(value, what), letter, flags);
    default:
      throw argumentError(`there is no verb ${letter}, in ${raw}`);
  }
}

function asIs(value: HclValue, { sharp }: Flags): string {
  if (!sharp && typeof value === "string") return value;
  if (!sharp && typeof value === "number") return shortestFloat(value);
  return jsonText(value);
}

function shortened(value: string, { precision = 0 }: Flags): string {
  return precision === 0 ? value : characters(value).slice(0, precision).join("");
}

function padded(value: string, { width, zero, minus }: Flags): string {
  const missing = width === 0 ? 0 : width - characters(value).length;
  if (missing <= 0) return value;
  const pad = (zero ? "0" : " ").repeat(missing);
  return minus ? value + pad : pad + value;
}
