// SPDX-License-Identifier: Apache-2.0
// Searches under a limit of time. An expression is one person's text and what it searches another's, and together they could
// keep a backtracking search busy for years.

import { createContext, runInContext } from "node:vm";
import type { Found, JavaScriptRegex } from "./go-regex.js";
import { isRecord } from "./json.js";

const program = `JSON.stringify([...text.matchAll(new RegExp(source, flags))].map((match) => (
  { index: match.index, groups: [...match], names: { ...match.groups } })))`;

/** All matches, in their order; undefined: finding them takes more than so many milliseconds. */
export function searchAll(
  { source, flags }: JavaScriptRegex,
  text: string,
  patience: number,
): readonly Found[] | undefined {
  const context = createContext({ text, source, flags });
  try {
    const found = runInContext(program, context, { timeout: patience }) as string;
    return withoutAbutting(JSON.parse(found) as Found[]);
  } catch (error) {
    // It is an Error of the other context, and no instance of ours.
    if (!isRecord(error) || error["code"] !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return undefined;
  }
}

/** Right where a match ends, Go sees no empty one. */
function withoutAbutting(found: readonly Found[]): Found[] {
  let end = -1;
  return found.filter(({ index, groups: [whole] }) => {
    const length = whole?.length ?? 0;
    if (length === 0 && index === end) return false;
    end = index + length;
    return true;
  });
}
