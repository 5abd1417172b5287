// SPDX-License-Identifier: Apache-2.0
// --mount=type=ssh: the socket of an ssh agent.

import { optional } from "../flags.js";
import type { SshMount } from "../types.js";
import { sharingRefused, sizeRefused } from "./refused.js";
import type { MountRow } from "./row.js";

export const sshMount: MountRow<SshMount> = {
  kind: "ssh",
  refused: {
    ...sizeRefused("ssh"),
    ...sharingRefused("ssh"),
    source: "ssh does not support source",
  },
  create: (options) => ({
    kind: "ssh",
    id: options.text("id") ?? "default",
    ...optional("target", options.text("target")),
    required: options.boolean("required", false),
    mode: options.number("mode", 0o600),
    uid: options.number("uid", 0),
    gid: options.number("gid", 0),
  }),
};
