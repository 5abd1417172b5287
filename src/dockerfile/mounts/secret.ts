// SPDX-License-Identifier: Apache-2.0
// --mount=type=secret: a file or environment variable for one step, in no layer, key, history or log.

import { optional } from "../flags.js";
import type { SecretMount } from "../types.js";
import { baseName } from "../values/paths.js";
import { sizeRefused } from "./refused.js";
import type { MountRow } from "./row.js";

export const secretMount: MountRow<SecretMount> = {
  kind: "secret",
  refused: {
    ...sizeRefused("secret"),
    from: "secret mount should not have a from",
    sharing: "secret mount should not define sharing",
  },
  create: (options) => {
    const target = options.text("target");
    const source = options.text("source");
    const named = options.text("id");
    if (source !== undefined && named !== undefined)
      options.fail("both source and id can't be set");
    const id = source ?? named ?? (target === undefined ? undefined : baseName(target));
    if (id === undefined)
      return options.fail(
        "invalid secret mount. one of source, target required",
        "Name the secret: --mount=type=secret,id=NAME",
      );
    const env = options.given("env");
    // Asked for as a variable only, the secret is no file.
    const file = target ?? (env === undefined ? `/run/secrets/${baseName(id)}` : undefined);
    return {
      kind: "secret",
      id,
      ...optional("target", file),
      ...optional("env", env === "" ? id : env),
      required: options.boolean("required", false),
      mode: options.number("mode", 0o400),
      uid: options.number("uid", 0),
      gid: options.number("gid", 0),
    };
  },
};
