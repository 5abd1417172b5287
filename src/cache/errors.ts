// SPDX-License-Identifier: Apache-2.0
import { TsbuildError, defined } from "../base/index.js";

export const cacheErrorCodes = {
  CACHE_DOCUMENT: "What was imported as a cache is none, or is damaged.",
  CACHE_OPTION: "--cache-from or --cache-to has an attribute that is unknown, missing or wrong.",
  CACHE_SERVICE:
    "A service that keeps caches (GitHub Actions, S3, Azure) cannot be reached, refused a request, or lost something.",
  CACHE_TYPE: "There is no cache of this type.",
} as const;

/** An error of a service. Causes are left out: they may hold what must not be shown. */
export function serviceError(
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  hint?: string,
): TsbuildError {
  return new TsbuildError("CACHE_SERVICE", message, {
    ...defined({ hint }),
    details,
  });
}
