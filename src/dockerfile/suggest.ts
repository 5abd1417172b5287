// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the nearest known word by spelling, else the one known word that the given one begins.

import { nearest } from "../base/index.js";

/** What a word was probably meant to be. */
export function suggestion(word: string, candidates: readonly string[]): string | undefined {
  const near = nearest(word, candidates);
  if (near !== undefined || word.length < 2) return near;
  const longer = candidates.filter((c) => c.toLowerCase().startsWith(word.toLowerCase()));
  return longer.length === 1 ? longer[0] : undefined;
}

/** ` (did you mean X?)` or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const found = suggestion(word, candidates);
  return found === undefined ? "" : ` (did you mean ${found}?)`;
}
