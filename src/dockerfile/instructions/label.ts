// SPDX-License-Identifier: Apache-2.0
// LABEL name=value..., LABEL name value

import { checkFlags } from "../flags.js";
import { baseOf, needArguments } from "../statement.js";
import type { Statement } from "../statement.js";
import type { LabelInstruction } from "../types.js";
import { keyValues } from "./key-value.js";

export function parseLabel(statement: Statement): LabelInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  return { kind: "label", ...baseOf(statement), ...keyValues(statement) };
}
