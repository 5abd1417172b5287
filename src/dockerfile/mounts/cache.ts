// SPDX-License-Identifier: Apache-2.0
// --mount=type=cache: a directory that outlives the build and is part of no layer and no cache key.

import { optional } from "../flags.js";
import { didYouMean } from "../suggest.js";
import type { CacheMount } from "../types.js";
import { cleanPath } from "../values/paths.js";
import { requiredRefused, sizeRefused } from "./refused.js";
import type { MountRow } from "./row.js";

const sharings = ["shared", "private", "locked"] as const;

export const cacheMount: MountRow<CacheMount> = {
  kind: "cache",
  refused: { ...requiredRefused("cache"), ...sizeRefused("cache") },
  create: (options) => {
    const target = options.text("target") ?? "";
    const wanted = options.given("sharing") ?? "shared";
    const sharing = sharings.find((mode) => mode === wanted.toLowerCase());
    return {
      kind: "cache",
      id: options.text("id") ?? cleanPath(target),
      target,
      source: options.text("source") ?? "/",
      ...optional("from", options.text("from")),
      sharing:
        sharing ??
        options.fail(
          `unsupported sharing value ${JSON.stringify(wanted)}${didYouMean(wanted, sharings)}`,
        ),
      readOnly: options.readOnly(false),
      mode: options.number("mode", 0o755),
      uid: options.number("uid", 0),
      gid: options.number("gid", 0),
      ownerGiven: options.has("mode") || options.has("uid") || options.has("gid"),
    };
  },
};
