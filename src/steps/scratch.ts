// SPDX-License-Identifier: Apache-2.0
// FROM scratch: nothing, at no cost.

import type { Step } from "../solve/index.js";

export const scratchStep: Step = {
  resource: "disk",
  define: () => Promise.resolve({}),
  run: () => Promise.resolve(null),
  usable: () => Promise.resolve(true),
};
