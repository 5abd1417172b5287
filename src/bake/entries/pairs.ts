// SPDX-License-Identifier: Apache-2.0
// Entries as flags have them: `type=local,dest=out`. Read and written.

import { compareNames, csvFields, parseBoolean } from "../../base/index.js";
import type { HclValue } from "../../hcl/index.js";
import { badValue, entriesOf, listOf, stringOf } from "../values.js";

/** The comma-separated fields of a text. */
export function fieldsOf(text: string): readonly string[] {
  const fields = csvFields(text);
  if (fields === undefined) throw badValue(`the quotes in ${JSON.stringify(text)} do not match`);
  return fields;
}

/** `key=value`. */
export function pairOf(field: string): readonly [key: string, value: string] {
  const at = field.indexOf("=");
  if (at === -1) throw badValue(`${JSON.stringify(field)} must be a key=value pair`);
  return [field.slice(0, at), field.slice(at + 1)];
}

export function booleanOfText(field: string, text: string): boolean {
  const value = parseBoolean(text);
  if (value === undefined) throw badValue(`invalid value ${JSON.stringify(field)}: no boolean`);
  return value;
}

/** Pairs as one text, in which a comma or a quote is quoted. */
export function textOfPairs(pairs: Iterable<readonly [string, string]>): string {
  return [...pairs]
    .map(([key, value]) => `${key}=${value}`)
    .map((pair) => (/[,"]/.test(pair) ? `"${pair.replaceAll('"', '""')}"` : pair))
    .join(",");
}

export function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => compareNames(a, b));
}

/** The strings of an object; null is as if it were not said. */
export function textsOf(value: HclValue): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, each] of entriesOf(value)) if (each !== null) texts.set(key, stringOf(each));
  return texts;
}

/** The entries of a list, each a text or an object. Empty texts are left out, so that a variable can switch an entry off. */
export function entryList<T>(
  value: HclValue,
  ofText: (text: string) => readonly T[],
  ofObject: (value: HclValue) => T,
): readonly T[] {
  return listOf(value).flatMap((each) => {
    if (each === "") return [];
    return typeof each === "string" ? ofText(each) : [ofObject(each)];
  });
}

/** Of entries with the same key the last counts, at the place of the first. */
export function lastOfEach<T>(entries: readonly T[], key: (entry: T) => string): readonly T[] {
  const byKey = new Map<string, T>();
  for (const entry of entries) byKey.set(key(entry), entry);
  return [...byKey.values()];
}

/**
 * Entries without equal ones. Which of them stay, and where, is seen in what `--print` shows: from the end on, an entry that comes
 * again takes the place of its twin, which makes room for the last.
 */
export function withoutTwins<T>(entries: readonly T[], text: (entry: T) => string): readonly T[] {
  const left = entries.map((entry) => ({ entry, text: text(entry) }));
  const behind = new Map<string, number>();
  for (let i = left.length - 1; i >= 0; i--) {
    const own = left[i]?.text ?? "";
    const twin = behind.get(own);
    const last = twin === undefined ? undefined : left.pop();
    if (last !== undefined && twin !== undefined && twin < left.length) {
      left[twin] = last;
      behind.set(last.text, twin);
    }
    behind.set(own, i);
  }
  return left.map(({ entry }) => entry);
}
