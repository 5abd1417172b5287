// SPDX-License-Identifier: Apache-2.0
// FROM [--platform=p] image [AS name]

import { checkFlags, optional } from "../flags.js";
import { shapeOf } from "../shape.js";
import { baseOf, failAt, wordAt } from "../statement.js";
import type { Statement } from "../statement.js";
import { fromSpans } from "../tree.js";
import type { FromInstruction, Word } from "../types.js";

const stageName = /^[a-z][a-z0-9-_.]*$/;

/** FROM does not know quotes: its words are split at blanks. */
const noQuotes = { escape: "", quotes: false, escapeInSingleQuotes: false };

function wordsOf(statement: Statement): readonly Word[] {
  const { rest } = statement;
  // A fourth word is wrong already; the library need not look at a million of them.
  let words = 0;
  const shape = shapeOf(rest, noQuotes, () => words++ === 4);
  return fromSpans(shape).map((span) => wordAt(statement, span.start, span.end));
}

export function parseFrom(statement: Statement): FromInstruction {
  const flags = checkFlags(statement, { platform: "value" });
  const [image, as, alias, more] = wordsOf(statement);
  const two = as !== undefined && (alias === undefined || as.text.toLowerCase() !== "as");
  if (image === undefined || two || more !== undefined)
    return failAt(statement, "DOCKERFILE_ARGUMENTS", "FROM requires either one or three arguments");
  if (alias !== undefined && !stageName.test(alias.text.toLowerCase()))
    failAt(
      statement,
      "DOCKERFILE_STAGE_NAME",
      `invalid name for build stage: ${JSON.stringify(alias.text)}, name can't start with a number or contain symbols`,
      { range: alias.range },
    );
  return {
    kind: "from",
    ...baseOf(statement),
    image,
    ...optional("platform", flags.values.get("platform")),
    ...optional("alias", alias),
    ...optional("asKeyword", as?.text),
  };
}
