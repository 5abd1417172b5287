// SPDX-License-Identifier: Apache-2.0
// What COPY and ADD have in common: sources, here-documents as sources, the destination, the shared flags.

import type { CheckedFlags, FlagTable } from "../flags.js";
import { optional } from "../flags.js";
import { parseOpening } from "../heredoc.js";
import { failAt, jsonStrings, restWord, splitWords } from "../statement.js";
import type { Statement } from "../statement.js";
import type { Heredoc, TransferFields, Word } from "../types.js";

/** Flags of both. */
export const transferFlags: FlagTable = {
  chown: "value",
  chmod: "value",
  link: "boolean",
  exclude: "list",
};

/** `<<` standing alone opens with the word after it: `<< EOF`. */
function joinOpenings(words: readonly Word[]): readonly Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const previous = joined[joined.length - 1];
    if (previous !== undefined && /^\d*<<-?$/.test(previous.text)) {
      const { startLine, startColumn } = previous.range;
      joined[joined.length - 1] = {
        text: previous.text + word.text,
        range: { ...word.range, startLine, ...optional("startColumn", startColumn) },
      };
    } else {
      joined.push(word);
    }
  }
  return joined;
}

function argumentsOf(statement: Statement): readonly Word[] {
  const strings = jsonStrings(statement, statement.rest);
  if (strings === undefined) return joinOpenings(splitWords(statement));
  const { range } = restWord(statement);
  return strings.map((text) => ({ text, range }));
}

/** The fields that COPY and ADD share. Errors: DOCKERFILE_ARGUMENTS, DOCKERFILE_HEREDOC, DOCKERFILE_JSON. */
export function transferFields(statement: Statement, flags: CheckedFlags): TransferFields {
  const name = statement.keyword.toUpperCase();
  const words = argumentsOf(statement);
  const destination = words[words.length - 1];
  if (destination === undefined || words.length < 2)
    return failAt(
      statement,
      "DOCKERFILE_ARGUMENTS",
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  if (parseOpening(destination.text) !== undefined)
    failAt(statement, "DOCKERFILE_HEREDOC", `${name} cannot accept a heredoc as a destination`, {
      range: destination.range,
    });
  // A name that is used twice: the last body counts for both, as the classic parser looks bodies up by name.
  const bodies = new Map(statement.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const sources: Word[] = [];
  const heredocs: Heredoc[] = [];
  for (const word of words.slice(0, -1)) {
    const opening = word.text.includes("<<") ? parseOpening(word.text) : undefined;
    const heredoc = opening === undefined ? undefined : bodies.get(opening.name);
    if (heredoc === undefined) sources.push(word);
    else heredocs.push(heredoc);
  }
  if (heredocs.length !== statement.heredocs.length)
    failAt(
      statement,
      "DOCKERFILE_HEREDOC",
      `${name} cannot use every heredoc of this line as a source`,
      { hint: "Put each <<NAME between blanks, and use a name without blanks." },
    );
  return {
    sources,
    heredocs,
    destination,
    link: flags.booleans.get("link") ?? false,
    exclude: flags.lists.get("exclude") ?? [],
    ...optional("chown", flags.values.get("chown")),
    ...optional("chmod", flags.values.get("chmod")),
  };
}
