// SPDX-License-Identifier: Apache-2.0
// The `name=value` arguments of ARG, ENV and LABEL, and the older `name value` form of the latter two.

import { originalOffset, shapeOf } from "../shape.js";
import type { QuoteRules } from "../shape.js";
import { failAt, wordAt } from "../statement.js";
import type { Statement } from "../statement.js";
import { propertySpans } from "../tree.js";
import type { KeyValue, Word } from "../types.js";

/** More words than this in one instruction are refused: no one means them. */
const maxWords = 10_000;

/** `value` absent: no equals sign. */
interface Property {
  readonly name: Word;
  readonly value: Word | undefined;
}

function quoteRules(statement: Statement): QuoteRules {
  return { escape: statement.source.escape, quotes: true, escapeInSingleQuotes: false };
}

/** The words of the arguments, quotes kept together, split at the first equals sign. */
export function properties(statement: Statement): readonly Property[] {
  let words = 0;
  const shape = shapeOf(statement.rest, quoteRules(statement), () => words++ === maxWords);
  if (words > maxWords)
    failAt(statement, "DOCKERFILE_ARGUMENTS", `more than ${maxWords} names in one instruction`);
  return propertySpans(shape).map(({ name, value }) => ({
    name: wordAt(statement, name.start, name.end),
    value: value === undefined ? undefined : wordAt(statement, value.start, value.end),
  }));
}

/** The first word as written, quotes kept together. */
function firstWord(statement: Statement): string {
  const shape = shapeOf(statement.rest, quoteRules(statement), (start) => start > 0);
  const blank = shape.text.indexOf(" ");
  const end = originalOffset(shape, blank === -1 ? shape.text.length : blank);
  return statement.rest.slice(0, end);
}

/** The pairs of ENV or LABEL. Errors: DOCKERFILE_ARGUMENTS. */
export function keyValues(statement: Statement): {
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
} {
  const name = statement.keyword.toUpperCase();
  const { rest } = statement;
  if (!firstWord(statement).includes("=")) {
    // `ENV name value`: everything after the first blank is the value, as it stands.
    const separator = /[\t\v\f\r ]+/.exec(rest);
    if (separator === null)
      return failAt(statement, "DOCKERFILE_ARGUMENTS", `${name} must have two arguments`);
    const key = wordAt(statement, 0, separator.index);
    const value = wordAt(statement, separator.index + separator[0].length, rest.length);
    return { pairs: [{ key, value }], legacy: true };
  }
  const pairs = properties(statement).map(({ name: key, value }) => {
    if (value === undefined || key.text.includes("="))
      return failAt(
        statement,
        "DOCKERFILE_ARGUMENTS",
        `Syntax error - can't find = in ${JSON.stringify(key.text)}. Must be of the form: name=value`,
        { range: key.range },
      );
    if (key.text === "")
      failAt(statement, "DOCKERFILE_ARGUMENTS", `${name} names can not be blank`, {
        range: value.range,
      });
    return { key, value };
  });
  return { pairs, legacy: false };
}
