// SPDX-License-Identifier: Apache-2.0
// The cache type `inline`: the records of the image's own layers, in its configuration. It is read as `registry`.

import { optionError } from "../spec.js";
import type { CacheBackend } from "../types.js";

const type = "inline";

export const inlineBackend: CacheBackend = {
  name: type,
  target: {
    attributes: ["mode", "ignore-error"],
    create(attributes) {
      if ((attributes["mode"] ?? "min") !== "min")
        throw optionError(type, "it holds the layers of the image only, which is mode=min");
      return "inline";
    },
  },
};
