// SPDX-License-Identifier: Apache-2.0
// How a function says what it takes: each parameter has a name for messages and a reader, which converts.

import { kindOf } from "../brief.js";
import { convert, toBoolean, toNumber, toText } from "../convert.js";
import { argumentError } from "../errors.js";
import type { HclFunction, HclObject, HclType, HclValue } from "../types.js";
import { typeOf, unify } from "../unify.js";
import { isList, isObject } from "../values.js";
import { spend } from "../work.js";

/** Throws with the name of the parameter. */
export type Reader<T> = (value: HclValue, name: string) => T;

type Readers = Readonly<Record<string, Reader<unknown>>>;
type Given<P extends Readers> = { readonly [K in keyof P]: ReturnType<P[K]> };

/** A function of so many arguments. */
export function takes<P extends Readers>(
  parameters: P,
  run: (given: Given<P>) => HclValue,
): HclFunction {
  const count = Object.keys(parameters).length;
  return (args) => {
    if (args.length !== count)
      throw argumentError(
        `takes ${arguments_(count)}${named(parameters)}, and there ${args.length === 1 ? "is" : "are"} ${args.length}`,
      );
    return run(read(parameters, args));
  };
}

/** A function of any number of further arguments, `least` of them at least. */
export function takesMore<P extends Readers, T>(
  parameters: P,
  more: Reader<T>,
  run: (given: Given<P>, more: readonly T[]) => HclValue,
  least = 0,
): HclFunction {
  const count = Object.keys(parameters).length;
  return (args) => {
    if (args.length < count + least)
      throw argumentError(
        `takes at least ${arguments_(count + least)}, and there ${args.length === 1 ? "is" : "are"} ${args.length}`,
      );
    const rest = args.slice(count).map((value, i) => more(value, `argument ${count + i + 1}`));
    return run(read(parameters, args), rest);
  };
}

function read<P extends Readers>(parameters: P, args: readonly HclValue[]): Given<P> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, reader], i) => [name, reader(args[i] ?? null, name)]),
  ) as Given<P>;
}

function arguments_(count: number): string {
  return count === 0 ? "no arguments" : count === 1 ? "one argument" : `${count} arguments`;
}

function named(parameters: Readers): string {
  const names = Object.keys(parameters);
  return names.length === 0 ? "" : ` (${names.join(", ")})`;
}

/** Anything, null too. */
export const anything: Reader<HclValue> = (value) => value;

/** Anything but null. */
export const something: Reader<HclValue> = (value, name) => {
  if (value === null) throw argumentError(`${name} must not be null`);
  return value;
};

export const text: Reader<string> = (value, name) => {
  const given = toText(value, name);
  spend(Math.ceil(given.length / 256));
  return given;
};
export const number: Reader<number> = toNumber;
export const boolean: Reader<boolean> = toBoolean;

export const whole: Reader<number> = (value, name) => {
  const given = toNumber(value, name);
  if (!Number.isSafeInteger(given)) throw argumentError(`${name} must be a whole number`);
  return given;
};

/** A list, a tuple or a set. */
export const list: Reader<readonly HclValue[]> = (value, name) => {
  if (isList(value)) {
    spend(Math.ceil(value.length / 4));
    return value;
  }
  throw argumentError(`${name} must be a list, not ${kindOf(value)}`);
};

export const object: Reader<HclObject> = (value, name) => {
  if (isObject(value)) return value;
  throw argumentError(`${name} must be a map or an object, not ${kindOf(value)}`);
};

/** The elements become one type. */
export const alike: Reader<readonly HclValue[]> = (value, name) => {
  const elements = list(value, name);
  return sameType(elements, name);
};

/** Strings, or what can be. Null stays. */
export const texts: Reader<readonly (string | null)[]> = (value, name) =>
  list(value, name).map((element, i) =>
    element === null ? null : toText(element, `${name}[${i}]`),
  );

/** Values converted to the one type that all of them fit. */
export function sameType(values: readonly HclValue[], name: string): readonly HclValue[] {
  const type: HclType | undefined = unify(values.map(typeOf));
  if (type === undefined) throw argumentError(`the elements of ${name} must be of one type`);
  return values.map((value) => convert(value, type));
}
