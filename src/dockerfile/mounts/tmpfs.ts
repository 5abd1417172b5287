// SPDX-License-Identifier: Apache-2.0
// --mount=type=tmpfs: memory that is gone after the step.

import { optional } from "../flags.js";
import type { TmpfsMount } from "../types.js";
import { parseSize } from "../values/numbers.js";
import { ownerRefused, requiredRefused, sharingRefused } from "./refused.js";
import type { MountRow } from "./row.js";

export const tmpfsMount: MountRow<TmpfsMount> = {
  kind: "tmpfs",
  refused: { ...ownerRefused("tmpfs"), ...requiredRefused("tmpfs"), ...sharingRefused("tmpfs") },
  create: (options) => {
    const text = options.given("size");
    const size =
      text === undefined
        ? undefined
        : (parseSize(text) ?? options.fail(`invalid value for size: ${text}`));
    return {
      kind: "tmpfs",
      target: options.text("target") ?? "",
      // A size of 0 means the kernel's default, as without the option.
      ...optional("size", size === 0 ? undefined : size),
    };
  },
};
