// SPDX-License-Identifier: Apache-2.0
// Policies: `filename=policy.rego,strict=true`.

import { defined } from "../../base/index.js";
import type { HclValue } from "../../hcl/index.js";
import { badValue, entriesOf, objectOf, stringOf } from "../values.js";
import { booleanOfText, entryList, fieldsOf, pairOf, textOfPairs } from "./pairs.js";

export interface PolicyEntry {
  readonly files: readonly string[];
  readonly reset: boolean;
  readonly disabled: boolean;
  readonly strict?: boolean;
  readonly logLevel?: string;
}

/** The levels by the names that are accepted. */
const levels: ReadonlyMap<string, string> = new Map([
  ...["panic", "fatal", "error", "warning", "info", "debug", "trace"].map(
    (level) => [level, level] as const,
  ),
  ["warn", "warning"],
]);

export function parsePolicyEntry(text: string): PolicyEntry {
  return fromFields(fieldsOf(text));
}

function fromFields(fields: readonly string[]): PolicyEntry {
  const files: string[] = [];
  const flags = { reset: false, disabled: false };
  let strict: boolean | undefined;
  let logLevel: string | undefined;
  for (const field of fields) {
    const [key, value] = pairOf(field);
    const word = key.trim().toLowerCase();
    if (word === "filename" && value !== "") files.push(value);
    else if (word === "reset" || word === "disabled") flags[word] = booleanOfText(field, value);
    else if (word === "strict") strict = booleanOfText(field, value);
    else if (word === "log-level") {
      logLevel = levels.get(value.toLowerCase());
      if (logLevel === undefined) throw badValue(`${JSON.stringify(value)} is not a log level`);
    } else throw badValue(`unexpected ${JSON.stringify(field)} in a policy`);
  }
  return {
    files,
    ...flags,
    ...defined({ strict, logLevel }),
  };
}

export function readPolicies(value: HclValue): readonly PolicyEntry[] {
  return entryList(value, (text) => [parsePolicyEntry(text)], fromObject);
}

function fromObject(value: HclValue): PolicyEntry {
  const fields = entriesOf(value).filter(([, each]) => each !== null && each !== "");
  return fromFields(fields.map(([key, each]) => `${key}=${stringOf(each)}`));
}

function pairsOf(entry: PolicyEntry): readonly (readonly [string, string])[] {
  return [
    ...entry.files.map((file) => ["filename", file] as const),
    ...(entry.reset ? [["reset", "true"] as const] : []),
    ...(entry.disabled ? [["disabled", "true"] as const] : []),
    ...(entry.strict === undefined ? [] : [["strict", String(entry.strict)] as const]),
    ...(entry.logLevel === undefined ? [] : [["log-level", entry.logLevel] as const]),
  ];
}

export function policyValue(entry: PolicyEntry): HclValue {
  return objectOf([...pairsOf(entry)].reverse());
}

/** As the flag `--policy` takes it. */
export function policyText(entry: PolicyEntry): string {
  return textOfPairs(pairsOf(entry));
}
