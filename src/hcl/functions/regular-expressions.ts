// SPDX-License-Identifier: Apache-2.0
// Functions of regular expressions, in Go's syntax.

import {
  TsbuildError,
  fillTemplate,
  fromGoRegex,
  messageOf,
  searchAll,
  type Found,
} from "../../base/index.js";
import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction, HclValue } from "../types.js";
import { objectOf } from "../values.js";
import { allow, spend, within } from "../work.js";
import { takes, text } from "./parameters.js";

/** Milliseconds that one search may take. */
const patience = 500;
/** Characters. What is found may be many times as big. */
const longest = 1_000_000;
/** In steps: each search has a context of its own. */
const cost = 5000;

export const regularExpressions: Readonly<Record<string, HclFunction>> = {
  regex: takes({ pattern: text, string: text }, ({ pattern, string }) => {
    const [first] = search(pattern, string);
    if (first === undefined) throw argumentError("the pattern matches nothing in the string");
    return captured(pattern, first);
  }),
  regexall: takes({ pattern: text, string: text }, ({ pattern, string }) => {
    const found = search(pattern, string);
    allow("list", found.length);
    return found.map((match) => captured(pattern, match));
  }),
  regex_replace: takes({ str: text, pattern: text, replace: text }, ({ str, pattern, replace }) => {
    let result = "";
    let end = 0;
    for (const found of search(pattern, str)) {
      result += str.slice(end, found.index) + fillTemplate(replace, found);
      within("text", result.length);
      end = found.index + (found.groups[0] ?? "").length;
    }
    return result + str.slice(end);
  }),
};

function search(pattern: string, string: string): readonly Found[] {
  spend(cost);
  if (string.length > longest)
    throw argumentError(`only texts of up to ${longest} characters are searched`);
  let regex: ReturnType<typeof fromGoRegex>;
  try {
    regex = fromGoRegex(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw argumentError(`the pattern ${brief(pattern)} cannot be read: ${messageOf(error)}`);
  }
  const found = searchAll(regex, string, patience);
  if (found !== undefined) return found;
  throw new TsbuildError(
    "HCL_LIMIT",
    `the pattern ${brief(pattern)} takes longer than ${patience / 1000} s`,
    { hint: "Write it without repetitions within repetitions." },
  );
}

/** The whole match, or a list of the groups, or an object of those that have names. */
function captured(pattern: string, { groups, names }: Found): HclValue {
  const [whole = "", ...parts] = groups;
  if (parts.length === 0) return whole;
  const named = groupNames(pattern);
  if (named.length === 0) return parts;
  if (named.length < parts.length)
    throw argumentError("groups of the pattern have either all a name or none");
  return objectOf(
    named.map((name) => [name, Object.hasOwn(names, name) ? (names[name] ?? null) : null]),
  );
}

function groupNames(pattern: string): string[] {
  const tokens = pattern.matchAll(/\\[^]|\[\^?\]?(?:\\[^]|\[:\w+:\]|[^\]\\])*\]|\(\?P?<(\w+)>/gu);
  return [...tokens].flatMap(([, name]) => (name === undefined ? [] : [name]));
}
