// SPDX-License-Identifier: Apache-2.0
// ENV name=value..., ENV name value

import { checkFlags } from "../flags.js";
import { baseOf, needArguments } from "../statement.js";
import type { Statement } from "../statement.js";
import type { EnvInstruction } from "../types.js";
import { keyValues } from "./key-value.js";

export function parseEnv(statement: Statement): EnvInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  return { kind: "env", ...baseOf(statement), ...keyValues(statement) };
}
