// SPDX-License-Identifier: Apache-2.0
// Functions of numbers.

import { brief, kindOf } from "../brief.js";
import { argumentError } from "../errors.js";
import { decimal, remainder } from "../operators.js";
import type { HclFunction } from "../types.js";
import { finite } from "../values.js";
import { anything, number, takes, takesMore, whole } from "./parameters.js";

const most = 1024;

const pair = (run: (a: number, b: number) => number | boolean): HclFunction =>
  takes({ a: number, b: number }, ({ a, b }) => {
    const result = run(a, b);
    return typeof result === "number" ? decimal(result) : result;
  });

const single = (run: (num: number) => number): HclFunction =>
  takes({ num: number }, ({ num }) => finite(run(num)));

export const numbers: Readonly<Record<string, HclFunction>> = {
  absolute: single(Math.abs),
  negate: single((num) => -num),
  ceil: single(Math.ceil),
  floor: single(Math.floor),
  int: single(Math.trunc),
  add: pair((a, b) => a + b),
  subtract: pair((a, b) => a - b),
  multiply: pair((a, b) => a * b),
  divide: pair((a, b) => {
    if (b === 0) throw argumentError("division by zero");
    return a / b;
  }),
  modulo: pair(remainder),
  greaterthan: pair((a, b) => a > b),
  greaterthanorequalto: pair((a, b) => a >= b),
  lessthan: pair((a, b) => a < b),
  lessthanorequalto: pair((a, b) => a <= b),
  log: takes({ num: number, base: number }, ({ num, base }) =>
    finite(Math.log(num) / Math.log(base)),
  ),
  pow: takes({ num: number, power: number }, ({ num, power }) => finite(num ** power)),
  signum: takes({ num: whole }, ({ num }) => Math.sign(num)),
  min: takesMore({}, number, (_, given) => given.reduce((a, b) => Math.min(a, b), Infinity), 1),
  max: takesMore({}, number, (_, given) => given.reduce((a, b) => Math.max(a, b), -Infinity), 1),
  range: takesMore({}, number, (_, given) => range(given), 1),
  parseint: takes({ number: anything, base: whole }, ({ number: digits, base }) => {
    if (typeof digits !== "string")
      throw argumentError(`number must be a string, not ${kindOf(digits)}`);
    return parseInteger(digits, base);
  }),
};

/** From start, or 0, up to before the end; down where the end is less. */
function range(given: readonly number[]): number[] {
  if (given.length > 3) throw argumentError("takes one, two or three arguments");
  const [first = 0, second] = given;
  const start = second === undefined ? 0 : first;
  const end = second ?? first;
  const step = given[2] ?? (end < start ? -1 : 1);
  if (step === 0) throw argumentError("the step must not be 0");
  if (step > 0 ? end < start : end > start)
    throw argumentError("with this step the end is never reached");
  const values: number[] = [];
  for (let value = start; step > 0 ? value < end : value > end; value += step) {
    if (values.length >= most) throw argumentError(`the range has more than ${most} values`);
    values.push(value);
  }
  return values;
}

const digitsInOrder = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

function parseInteger(text: string, base: number): number {
  if (base < 2 || base > 62) throw argumentError("base must be between 2 and 62");
  const [, sign = "", body = ""] = /^([+-]?)(.+)$/.exec(text) ?? [];
  // Up to 36, case does not matter.
  const digits = base <= 36 ? body.toLowerCase() : body;
  let value = 0;
  for (const digit of digits) {
    const worth = digitsInOrder.indexOf(digit);
    if (worth < 0 || worth >= base) value = NaN;
    else value = value * base + worth;
  }
  if (digits === "" || Number.isNaN(value))
    throw argumentError(`${brief(text)} is not a number of base ${base}`);
  return finite(sign === "-" ? -value : value);
}
