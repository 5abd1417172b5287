// SPDX-License-Identifier: Apache-2.0
// COPY [flags] source... destination

import { checkFlags, optional } from "../flags.js";
import { baseOf, failAt } from "../statement.js";
import type { Statement } from "../statement.js";
import type { CopyInstruction } from "../types.js";
import { transferFields, transferFlags } from "./transfer.js";

export function parseCopy(statement: Statement): CopyInstruction {
  const flags = checkFlags(statement, { ...transferFlags, from: "value", parents: "boolean" });
  const from = flags.values.get("from");
  // Stages are wired up before any variable has a value.
  if (from !== undefined && /\$./su.test(from.text))
    failAt(
      statement,
      "DOCKERFILE_FLAG",
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
      { range: from.range, hint: "Write FROM ${NAME} AS alias above, and use --from=alias." },
    );
  return {
    kind: "copy",
    ...baseOf(statement),
    ...transferFields(statement, flags),
    // `--from=` means: from the build context.
    ...optional("from", from?.text === "" ? undefined : from),
    parents: flags.booleans.get("parents") ?? false,
  };
}
