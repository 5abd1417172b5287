// SPDX-License-Identifier: Apache-2.0
// Evaluating what may have no value.

import { isTsbuildError, type TsbuildError } from "../base/index.js";
import type { HclValue } from "./types.js";

export type Attempt = { readonly value: HclValue } | { readonly error: TsbuildError };

/** The value, or why there is none. That a limit was reached, or what the scope complains about, is thrown all the same. */
export function attempt(run: () => HclValue): Attempt {
  try {
    return { value: run() };
  } catch (error) {
    if (!isTsbuildError(error, "HCL_EVALUATION") && !isTsbuildError(error, "HCL_TYPE")) throw error;
    return { error };
  }
}
