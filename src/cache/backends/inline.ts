// SPDX-License-Identifier: Apache-2.0
// The cache type `inline`: the records of the image's own layers, in its configuration. It is read as `registry`.

import { targetOptions } from "../target.js";
import type { CacheBackend } from "../types.js";

const type = "inline";

export const inlineBackend: CacheBackend = {
  name: type,
  target: {
    attributes: ["mode", "ignore-error"],
    create(attributes) {
      targetOptions(type, attributes);
      return "inline";
    },
  },
};
