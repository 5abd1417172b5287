// SPDX-License-Identifier: Apache-2.0
// `--filter` of du and prune: KEY=VALUE (is), KEY!=VALUE (is not), KEY~=PATTERN (matches), or KEY alone for yes-or-no keys.
// All filters must hold.

import { defined, didYouMean, TsbuildError } from "../base/index.js";
import { parseDuration } from "./quantities.js";
import { recordTypes, type StorageRecord } from "./types.js";

/** Filters, understood. */
export interface Filters {
  readonly matches: (record: StorageRecord) => boolean;
  /** Of `until`: spare what was used within so many milliseconds. */
  readonly keepDuration?: number;
}

type Test = (record: StorageRecord) => boolean;

const flags: Readonly<Record<string, Test>> = {
  inuse: (record) => record.inUse,
  shared: (record) => record.shared,
  private: (record) => !record.shared,
  mutable: (record) => record.mutable,
  immutable: (record) => !record.mutable,
  reclaimable: (record) => record.reclaimable,
};

const texts: Readonly<Record<string, (record: StorageRecord) => readonly string[]>> = {
  id: ({ id }) => [id],
  type: ({ type }) => [type],
  description: ({ description }) => [description],
  parents: ({ parents }) => parents,
  parent: ({ parents }) => parents,
};

function refuse(filter: string, problem: string): TsbuildError {
  return new TsbuildError("PRUNE_FILTER", `invalid filter ${JSON.stringify(filter)}: ${problem}`, {
    hint: `Filters are until=24h, ${[...Object.keys(texts), ...Object.keys(flags)].join(", ")}.`,
    details: { filter },
  });
}

/** Errors: PRUNE_FILTER. */
export function parseFilters(filters: readonly string[]): Filters {
  const tests: Test[] = [];
  let keepDuration: number | undefined;
  for (const filter of filters) {
    const [, key = "", operator, value = ""] =
      /^([^=!~]*)(?:(==|!=|~=|=)(.*))?$/s.exec(filter) ?? [];
    if (key === "until") {
      keepDuration = parseDuration(value);
      if (keepDuration === undefined || operator === undefined || operator === "~=")
        throw refuse(filter, "expected a duration such as until=24h");
    } else tests.push(testOf(filter, key, operator, value));
  }
  return {
    matches: (record) => tests.every((test) => test(record)),
    ...defined({ keepDuration }),
  };
}

function testOf(filter: string, key: string, operator: string | undefined, value: string): Test {
  const flag = flags[key];
  if (flag !== undefined) return flagTest(filter, flag, operator, value);
  const read = texts[key];
  if (read === undefined) {
    const known = [...Object.keys(texts), ...Object.keys(flags), "until"];
    throw refuse(filter, `there is no key ${JSON.stringify(key)}${didYouMean(key, known)}`);
  }
  if (operator === undefined) throw refuse(filter, `expected ${key}=VALUE`);
  if (key === "type" && operator !== "~=" && !recordTypes.some((type) => type === value))
    throw refuse(
      filter,
      `there is no type ${JSON.stringify(value)}${didYouMean(value, recordTypes)} (of: ${recordTypes.join(", ")})`,
    );
  const fits = matcher(filter, key, operator, value);
  const test: Test = (record) => read(record).some(fits);
  return operator === "!=" ? (record) => !test(record) : test;
}

function flagTest(filter: string, flag: Test, operator: string | undefined, value: string): Test {
  if (operator === undefined) return flag;
  const wanted = { true: true, "1": true, false: false, "0": false }[value];
  if (wanted === undefined || operator === "~=") throw refuse(filter, "expected true or false");
  return (record) => flag(record) === (operator === "!=" ? !wanted : wanted);
}

function matcher(
  filter: string,
  key: string,
  operator: string,
  value: string,
): (text: string) => boolean {
  if (operator === "~=") {
    try {
      const pattern = new RegExp(value);
      return (text) => pattern.test(text);
    } catch {
      throw refuse(filter, "the pattern is not a regular expression");
    }
  }
  // Ids are long: a part that was copied from a list is enough.
  if ((key === "id" || key.startsWith("parent")) && operator !== "==")
    return (text) => text.includes(value);
  return (text) => text === value;
}
