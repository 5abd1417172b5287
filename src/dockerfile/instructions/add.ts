// SPDX-License-Identifier: Apache-2.0
// ADD [flags] source... destination

import { checkFlags, optional } from "../flags.js";
import { baseOf } from "../statement.js";
import type { Statement } from "../statement.js";
import type { AddInstruction } from "../types.js";
import { transferFields, transferFlags } from "./transfer.js";

export function parseAdd(statement: Statement): AddInstruction {
  const flags = checkFlags(statement, {
    ...transferFlags,
    checksum: "value",
    "keep-git-dir": "boolean",
    unpack: "boolean",
  });
  return {
    kind: "add",
    ...baseOf(statement),
    ...transferFields(statement, flags),
    ...optional("checksum", flags.values.get("checksum")),
    ...optional("keepGitDir", flags.booleans.get("keep-git-dir")),
    ...optional("unpack", flags.booleans.get("unpack")),
  };
}
