// SPDX-License-Identifier: Apache-2.0
// --mount in two steps: the flag as written (parse time), then the mount after expansion (plan time). Options may come in
// any order. What holds no variable is checked at parse time already.

import { csvFields, parseBoolean } from "../../base/index.js";
import { fail } from "../errors.js";
import { expandWord, scopeOf } from "../expand/expand.js";
import { optional } from "../flags.js";
import { failAt } from "../statement.js";
import type { Statement } from "../statement.js";
import { didYouMean } from "../suggest.js";
import type { MountField, MountFlag, ResolveMount, Word } from "../types.js";
import { cleanPath } from "../values/paths.js";
import { MountOptions, bareOptions, optionNames } from "./options.js";
import { mountRows } from "./table.js";

function fieldOf(text: string, word: Word): MountField {
  const equals = text.indexOf("=");
  if (equals === -1) return { key: text.toLowerCase() };
  return {
    key: text.slice(0, equals).toLowerCase(),
    value: { text: text.slice(equals + 1), range: word.range },
  };
}

/** Reads the value of one --mount flag. Errors: DOCKERFILE_MOUNT. */
export function parseMountFlag(statement: Statement, word: Word): MountFlag {
  const at = { range: word.range };
  const texts = csvFields(word.text);
  if (texts === undefined)
    return failAt(statement, "DOCKERFILE_MOUNT", "failed to parse csv mounts", {
      ...at,
      hint: 'A value with a comma is quoted whole: --mount=type=bind,"target=/a,b".',
    });
  const fields = texts.map((text) => fieldOf(text, word));
  const from = fields.findLast((field) => field.key === "from")?.value;
  if (from !== undefined && /\$./su.test(from.text))
    failAt(
      statement,
      "DOCKERFILE_MOUNT",
      "'from' doesn't support variable expansion, define alias stage instead",
      { ...at, hint: "Write FROM ${NAME} AS alias above, and use from=alias." },
    );
  const flag: MountFlag = {
    raw: word,
    fields,
    ...optional("from", from?.text === "" ? undefined : from),
  };
  if (!word.text.includes("$"))
    resolveMount(flag, scopeOf(new Map()), { source: statement.source });
  return flag;
}

export const resolveMount: ResolveMount = (flag, scope, options) => {
  const used = new Set<string>();
  const unset = new Set<string>();
  const bad = (message: string, hint?: string): never =>
    fail("DOCKERFILE_MOUNT", message, options.source, flag.raw.range, optional("hint", hint));
  const expand = (word: Word): string => {
    const result = expandWord(word, scope, options);
    for (const name of result.used) used.add(name);
    for (const name of result.unset) unset.add(name);
    return result.value;
  };

  const values = new Map<string, string>();
  let readOnly: boolean | undefined;
  for (const field of flag.fields) {
    const name = Object.hasOwn(optionNames, field.key) ? optionNames[field.key] : undefined;
    const written = field.value === undefined ? field.key : `${field.key}=${field.value.text}`;
    if (name === undefined) {
      if (field.value === undefined) bad(`invalid field '${written}' must be a key=value pair`);
      bad(
        `unexpected key '${field.key}' in '${written}'${didYouMean(field.key, Object.keys(optionNames))}`,
      );
      continue;
    }
    if (field.value === undefined && !bareOptions.includes(name))
      bad(`invalid field '${written}' must be a key=value pair`);
    // `from` is never expanded: the graph of stages is known before any variable.
    const value =
      field.value === undefined ? "true" : name === "from" ? field.value.text : expand(field.value);
    values.set(name, value);
    if (name === "readonly" || name === "readwrite") {
      const on = parseBoolean(value) ?? bad(`invalid value for ${field.key}: ${value}`);
      readOnly = name === "readonly" ? on : !on;
    }
  }

  const type = values.get("type") ?? "bind";
  const row = mountRows.find((candidate) => candidate.kind === type.toLowerCase());
  if (row === undefined)
    return bad(
      `unsupported mount type ${JSON.stringify(type)}${didYouMean(
        type,
        mountRows.map((candidate) => candidate.kind),
      )}`,
    );
  for (const name of values.keys()) {
    const refusal = Object.hasOwn(row.refused, name) ? row.refused[name] : undefined;
    if (refusal !== undefined) bad(refusal);
  }
  const mount = row.create(new MountOptions(values, readOnly, bad));
  if (mount.target !== undefined && cleanPath(mount.target) === "/")
    bad(`invalid mount target ${JSON.stringify(mount.target)}`);
  return { mount, used: [...used], unset: [...unset] };
};
