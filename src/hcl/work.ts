// SPDX-License-Identifier: Apache-2.0
// How much work an expression may make. Expressions are a stranger's: lists of lists of lists, or texts that double, would
// keep a machine busy for ever or fill its memory.

import { TsbuildError } from "../base/index.js";

/** Steps of evaluation, and elements of lists and objects that functions make. */
const mostSteps = 5_000_000;
/** Characters of a text, and elements of a list. */
const longestText = 8 * 1024 * 1024;
const longestList = 1_000_000;
const deepest = 2000;

/**
 * What the evaluation that runs has used up. Evaluating is synchronous, and what a scope evaluates when it is asked for a
 * variable or a function counts as part of the same work.
 */
let running: { steps: number; depth: number } | undefined;

/** Runs an evaluation, or a part of the one that runs. */
export function working<T>(run: () => T): T {
  if (running !== undefined) return run();
  running = { steps: 0, depth: 0 };
  try {
    return run();
  } catch (error) {
    // The stack of the machine or the longest possible string, in whatever function that was.
    if (error instanceof RangeError)
      throw limit("the expression is too deep or its value too big", error);
    throw error;
  } finally {
    running = undefined;
  }
}

/** One level of an expression. */
export function level<T>(run: () => T): T {
  if (running === undefined) return run();
  spend(1);
  if (++running.depth > deepest) throw limit(`more than ${deepest} levels of evaluation`);
  try {
    return run();
  } finally {
    running.depth--;
  }
}

/** Counts steps. */
export function spend(steps: number): void {
  if (running === undefined) return;
  running.steps += steps;
  if (running.steps > mostSteps) throw limit("the expression takes too many steps");
}

/** Throws if a text or a list is going to be that long, and counts it. */
export function allow(what: "text" | "list", length: number): void {
  within(what, length);
  spend(what === "text" ? Math.ceil(length / 64) : length);
}

/** Throws if a text or a list has become that long. */
export function within(what: "text" | "list", length: number): void {
  if (length > (what === "text" ? longestText : longestList))
    throw limit(
      `a ${what} of ${length} ${what === "text" ? "characters" : "elements"} is too long`,
    );
}

function limit(message: string, cause?: unknown): TsbuildError {
  return new TsbuildError("HCL_LIMIT", message, cause === undefined ? {} : { cause });
}
