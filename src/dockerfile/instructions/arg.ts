// SPDX-License-Identifier: Apache-2.0
// ARG name[=default]...

import { checkFlags, optional } from "../flags.js";
import { descriptionOf } from "../doc-comment.js";
import { baseOf, failAt, needArguments } from "../statement.js";
import type { Statement } from "../statement.js";
import type { ArgInstruction } from "../types.js";
import { properties } from "./key-value.js";

export function parseArg(statement: Statement): ArgInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  const args = properties(statement).map(({ name, value }) => {
    if (name.text === "")
      failAt(statement, "DOCKERFILE_ARGUMENTS", "ARG names can not be blank", {
        range: name.range,
      });
    return {
      name,
      ...optional("value", value),
      ...optional("description", descriptionOf(statement.comments, name.text)),
    };
  });
  return { kind: "arg", ...baseOf(statement), args };
}
