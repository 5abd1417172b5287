// SPDX-License-Identifier: Apache-2.0
// The error codes of this room, and how an error gets its place in the text.

import { TsbuildError, defined, isTsbuildError } from "../base/index.js";
import type { HclExpression } from "./types.js";

export const hclErrorCodes = {
  HCL_SYNTAX: "a file in HCL, or in its JSON syntax, cannot be read",
  HCL_EVALUATION: "an expression in HCL has no value",
  HCL_TYPE: "a value is not of the type that HCL asks for",
  HCL_LIMIT: "an expression in HCL is nested too deep, takes too long or becomes too big",
} as const;

/** The error for an expression that has no value, at its place. */
export function evaluationError(at: HclExpression, message: string, hint?: string): TsbuildError {
  return new TsbuildError("HCL_EVALUATION", message, {
    ...defined({ hint }),
    location: locationOf(at),
  });
}

/** What a function throws about its arguments; the call adds the name and the place. */
export function argumentError(message: string): TsbuildError {
  return new TsbuildError("HCL_EVALUATION", message);
}

/** For {@link TsbuildError.at}. */
export function locationOf({ source, range }: HclExpression): {
  readonly file: string;
  readonly text: string;
  readonly range: HclExpression["range"];
} {
  return { file: source.file, text: source.text, range };
}

/** Runs what an expression is wrong about, if anything is. */
export function blaming<T>(at: HclExpression, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw isTsbuildError(error) ? error.at(locationOf(at)) : error;
  }
}
