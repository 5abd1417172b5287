// SPDX-License-Identifier: Apache-2.0

import { TsbuildError } from "../base/index.js";

/** Characters. Those that are signed are the longest there are, with a few thousand. */
const longestUrl = 16 * 1024;

/** What is longer is no argument for git, and no text for an error. Throws CONTEXT_BAD_REFERENCE. */
export function checkUrlLength(url: string): void {
  if (url.length > longestUrl)
    throw new TsbuildError(
      "CONTEXT_BAD_REFERENCE",
      `a URL of ${url.length} characters is refused, and the limit is ${longestUrl}`,
    );
}
