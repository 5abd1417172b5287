// SPDX-License-Identifier: Apache-2.0
// --mount=type=bind: files of the build context, a stage, an image or a named context. Writes are thrown away.

import { optional } from "../flags.js";
import type { BindMount } from "../types.js";
import { ownerRefused, requiredRefused, sharingRefused, sizeRefused } from "./refused.js";
import type { MountRow } from "./row.js";

export const bindMount: MountRow<BindMount> = {
  kind: "bind",
  refused: {
    ...ownerRefused("bind"),
    ...requiredRefused("bind"),
    ...sizeRefused("bind"),
    ...sharingRefused("bind"),
  },
  create: (options) => ({
    kind: "bind",
    source: options.text("source") ?? "/",
    readOnly: options.readOnly(true),
    ...optional("target", options.text("target")),
    ...optional("from", options.text("from")),
  }),
};
