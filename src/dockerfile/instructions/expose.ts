// SPDX-License-Identifier: Apache-2.0
// EXPOSE port[/protocol]...

import { checkFlags } from "../flags.js";
import { baseOf, needArguments, splitWords } from "../statement.js";
import type { Statement } from "../statement.js";
import type { ExposeInstruction } from "../types.js";

export function parseExpose(statement: Statement): ExposeInstruction {
  checkFlags(statement, {});
  needArguments(statement);
  return { kind: "expose", ...baseOf(statement), ports: splitWords(statement) };
}
