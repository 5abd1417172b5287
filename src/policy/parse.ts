// SPDX-License-Identifier: Apache-2.0
// The file of a policy: JSON in the form that BuildKit and Buildah read. An unknown or misspelt word is an error: what a rule
// was meant to keep out must not come in because of a slip.

import { TsbuildError, defined, didYouMean, isRecord, messageOf } from "../base/index.js";
import { formatReference, parseReference } from "../oci/index.js";
import { exactly, regex, wildcard, type Pattern } from "./pattern.js";
import { imageScheme } from "./names.js";

/** Whose reading of the rules counts. */
export type Dialect = "buildkit" | "buildah";

export const actions = ["ALLOW", "DENY", "CONVERT"] as const;
const matchTypes = ["WILDCARD", "EXACT", "REGEX"] as const;
const conditions = ["EQUAL", "NOTEQUAL", "MATCHES"] as const;
/** Attributes that a rule may set. */
const settable = ["http.checksum", "git.checksum", "git.fullurl"] as const;

export interface Constraint {
  readonly key: string;
  readonly holds: (value: string) => boolean;
}

export interface Rule {
  /** `rules[0]`. */
  readonly at: string;
  readonly action: (typeof actions)[number];
  readonly pattern: Pattern;
  readonly constraints: readonly Constraint[];
  /** Of CONVERT. */
  readonly update?: {
    readonly identifier?: string;
    readonly attrs: Readonly<Record<string, string>>;
  };
}

export interface Policy {
  readonly file: string;
  readonly dialect: Dialect;
  readonly rules: readonly Rule[];
}

/** Throws POLICY_FILE, with the place in the file. */
export function parsePolicy(text: string, file: string, dialect: Dialect): Policy {
  const bad: Bad = (why) => policyError(file, why);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw policyError(file, messageOf(error), error);
  }
  const top = record(value, "the policy", ["version", "rules"], bad);
  const version = top["version"] ?? 1;
  if (version !== 0 && version !== 1) throw bad(`version ${JSON.stringify(version)} is not known`);
  const rules = list(top["rules"], "rules", bad);
  return {
    file,
    dialect,
    rules: rules.map((rule, i) => parseRule(rule, `rules[${i}]`, dialect, bad)),
  };
}

/** The error for a file that is no policy. */
export function policyError(file: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("POLICY_FILE", `loading source policy ${file}: ${why}`, {
    hint: "docs/policy.md describes this file",
    details: { path: file },
    ...defined({ cause }),
  });
}

type Bad = (why: string) => TsbuildError;

function parseRule(value: unknown, at: string, dialect: Dialect, bad: Bad): Rule {
  const rule = record(value, at, ["action", "selector", "updates"], bad);
  const action = oneOf(rule["action"], `${at}: action`, actions, bad);
  if (action === undefined) throw bad(`${at}: action is required`);
  const selector = record(
    rule["selector"] ?? {},
    `${at}.selector`,
    ["identifier", "matchType", "match_type", "constraints"],
    bad,
  );
  const identifier = string(selector["identifier"], `${at}.selector.identifier`, bad);
  if (identifier === undefined || identifier === "")
    throw bad(`${at}: selector.identifier is required`);
  const matchType =
    oneOf(
      selector["matchType"] ?? selector["match_type"],
      `${at}.selector.matchType`,
      matchTypes,
      bad,
    ) ?? "WILDCARD";
  const constraints = list(selector["constraints"], `${at}.selector.constraints`, bad).map(
    (constraint, i) => parseConstraint(constraint, `${at}.selector.constraints[${i}]`, bad),
  );
  const update = parseUpdate(rule["updates"], `${at}.updates`, bad);
  if (action === "CONVERT" && update === undefined)
    throw bad(`${at}: updates.identifier is required for CONVERT, or updates.attrs`);
  if (action !== "CONVERT" && update !== undefined)
    throw bad(`${at}: updates are for CONVERT, and the action is ${action}`);
  const pattern = compiled(`${at}.selector.identifier`, bad, () =>
    patternOf(identifier, matchType, dialect),
  );
  return { at, action, pattern, constraints, ...defined({ update }) };
}

/** In all types, the identifier itself matches. */
function patternOf(
  identifier: string,
  matchType: (typeof matchTypes)[number],
  dialect: Dialect,
): Pattern {
  if (matchType === "REGEX") return orExactly(identifier, regex(identifier));
  const special = dialect === "buildah" ? /[*?]/ : /\*/;
  // Whoever wrote `docker-image://alpine` meant that image, not a name that no image has.
  if (matchType === "EXACT" || !special.test(identifier)) return exactly(fullName(identifier));
  return orExactly(identifier, wildcard(identifier, dialect === "buildah"));
}

function orExactly(identifier: string, pattern: Pattern): Pattern {
  return { ...pattern, matches: (text) => text === identifier || pattern.matches(text) };
}

function fullName(identifier: string): string {
  if (!identifier.startsWith(imageScheme)) return identifier;
  return imageScheme + formatReference(parseReference(identifier.slice(imageScheme.length)));
}

function parseConstraint(value: unknown, at: string, bad: Bad): Constraint {
  const constraint = record(value, at, ["key", "value", "condition"], bad);
  const key = string(constraint["key"], `${at}.key`, bad);
  if (key === undefined || key === "") throw bad(`${at}.key is required`);
  const wanted = string(constraint["value"], `${at}.value`, bad) ?? "";
  const condition = oneOf(constraint["condition"], `${at}.condition`, conditions, bad) ?? "EQUAL";
  if (condition === "EQUAL") return { key, holds: (given) => given === wanted };
  if (condition === "NOTEQUAL") return { key, holds: (given) => given !== wanted };
  const pattern = compiled(`${at}.value`, bad, () => regex(wanted));
  return { key, holds: (given) => pattern.matches(given) };
}

function parseUpdate(value: unknown, at: string, bad: Bad): Rule["update"] {
  if (value === undefined || value === null) return undefined;
  const update = record(value, at, ["identifier", "attrs"], bad);
  const identifier = string(update["identifier"], `${at}.identifier`, bad) ?? "";
  const attrs = record(update["attrs"] ?? {}, `${at}.attrs`, settable, bad);
  const entries = Object.entries(attrs).map(
    ([key, text]) => [key, string(text, `${at}.attrs.${key}`, bad) ?? ""] as const,
  );
  if (identifier === "" && entries.length === 0) return undefined;
  return {
    ...(identifier === "" ? {} : { identifier }),
    attrs: Object.fromEntries(entries),
  };
}

function compiled(at: string, bad: Bad, make: () => Pattern): Pattern {
  try {
    return make();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TsbuildError)
      throw bad(`${at}: ${error.message}`);
    throw error;
  }
}

function record(
  value: unknown,
  at: string,
  keys: readonly string[],
  bad: Bad,
): Record<string, unknown> {
  if (!isRecord(value)) throw bad(`${at} is not an object`);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) throw bad(`${at} has an unknown key ${key}${didYouMean(key, keys)}`);
  return value;
}

function list(value: unknown, at: string, bad: Bad): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad(`${at} is not a list`);
  return value;
}

function string(value: unknown, at: string, bad: Bad): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw bad(`${at} is not a string`);
}

function oneOf<T extends string>(
  value: unknown,
  at: string,
  words: readonly T[],
  bad: Bad,
): T | undefined {
  if (value === undefined || value === "") return undefined;
  // Programs write the numbers that the words have in BuildKit's protocol, which is their order.
  const word = words.find((candidate, number) => candidate === value || number === value);
  if (word === undefined)
    throw bad(`${at} ${JSON.stringify(value)} is not one of ${words.join(", ")}`);
  return word;
}
