// SPDX-License-Identifier: Apache-2.0
// Builder flags: `--name[=value]` words between keyword and arguments. Splitting, and checking against the table that each
// instruction gives.

import { defined } from "../base/index.js";
import type { SourceRange } from "../base/index.js";
import { fail } from "./errors.js";
import type { LogicalLine } from "./logical-line.js";
import { originalOffset, shapeOf, unquoteFlag } from "./shape.js";
import { failAt } from "./statement.js";
import type { RawFlag, Statement } from "./statement.js";
import { suggestion } from "./suggest.js";
import { flagSpans } from "./tree.js";
import type { Source, Word } from "./types.js";

/** More flags than this on one instruction are refused: no one means them. */
const maxFlags = 1000;

/** The flags of a line from `start` on, and where the arguments begin. `--` ends the flags and is dropped. */
export function splitFlags(
  source: Source,
  line: LogicalLine,
  start: number,
): { readonly flags: readonly RawFlag[]; readonly argumentsStart: number } {
  const text = line.text.slice(start);
  if (!/^\s*--/u.test(text)) return { flags: [], argumentsStart: start };
  const rules = { escape: source.escape, quotes: true, escapeInSingleQuotes: true };
  let ended = false;
  const shape = shapeOf(text, rules, (at) => {
    if (ended || !text.startsWith("--", at)) return true;
    ended = /^--(?:\s|$)/u.test(text.slice(at, at + 3));
    return false;
  });
  const count = shape.text.match(/(?:^| )--/g)?.length ?? 0;
  if (count > maxFlags) fail("DOCKERFILE_FLAG", `more than ${maxFlags} flags`, source, line.lines);
  const flags: RawFlag[] = [];
  for (const span of flagSpans(shape)) {
    if (span.end - span.start === 2) continue;
    const place = (from: number, to: number): SourceRange => line.range(start + from, start + to);
    const nameEnd = span.value === undefined ? span.end : span.value.start - 1;
    const name = unquoteFlag(text.slice(span.start + 2, nameEnd), source.escape);
    const value =
      span.value === undefined
        ? undefined
        : {
            text: unquoteFlag(text.slice(span.value.start, span.value.end), source.escape),
            range: place(span.value.start, span.value.end),
          };
    flags.push({
      name,
      range: place(span.start, span.end),
      ...defined({ value }),
    });
  }
  return { flags, argumentsStart: start + originalOffset(shape, shape.text.length) };
}

/** `boolean`: bare, true or false. `value`: needs one. `list`: needs one, may repeat. */
export type FlagKind = "boolean" | "value" | "list";
export type FlagTable = Readonly<Record<string, FlagKind>>;

/** The flags of one instruction after checking. Absent: not given. */
export interface CheckedFlags {
  readonly booleans: ReadonlyMap<string, boolean>;
  readonly values: ReadonlyMap<string, Word>;
  readonly lists: ReadonlyMap<string, readonly Word[]>;
}

const noFlags: CheckedFlags = { booleans: new Map(), values: new Map(), lists: new Map() };

/** Checks flags against a table. Errors: DOCKERFILE_FLAG at the flag. */
export function checkFlags(statement: Statement, table: FlagTable): CheckedFlags {
  if (statement.flags.length === 0) return noFlags;
  const booleans = new Map<string, boolean>();
  const values = new Map<string, Word>();
  const lists = new Map<string, Word[]>();
  for (const flag of statement.flags) {
    const written = `--${flag.name}`;
    const at = { range: flag.range };
    const kind = Object.hasOwn(table, flag.name) ? table[flag.name] : undefined;
    if (kind === undefined) {
      const found = suggestion(flag.name, Object.keys(table));
      failAt(
        statement,
        "DOCKERFILE_FLAG",
        `unknown flag: ${written}${found === undefined ? "" : ` (did you mean ${found}?)`}`,
        {
          ...at,
          details: { flag: flag.name, ...defined({ suggestion: found }) },
        },
      );
    }
    if (booleans.has(flag.name) || values.has(flag.name))
      failAt(statement, "DOCKERFILE_FLAG", `duplicate flag specified: ${written}`, at);
    const empty = flag.value === undefined;
    if (kind === "boolean") {
      if (flag.value?.text === "")
        failAt(statement, "DOCKERFILE_FLAG", `missing a value on flag: ${written}`, at);
      booleans.set(flag.name, empty ? true : booleanOf(statement, flag.value, written));
      continue;
    }
    if (empty) failAt(statement, "DOCKERFILE_FLAG", `missing a value on flag: ${written}`, at);
    if (kind === "value") values.set(flag.name, flag.value);
    else lists.set(flag.name, [...(lists.get(flag.name) ?? []), flag.value]);
  }
  return { booleans, values, lists };
}

function booleanOf(statement: Statement, value: Word, flag: string): boolean {
  switch (value.text.toLowerCase()) {
    case "true":
      return true;
    case "false":
      return false;
    default:
      return failAt(
        statement,
        "DOCKERFILE_FLAG",
        `expecting boolean value for flag ${flag}, not: ${value.text}`,
        { range: value.range },
      );
  }
}

/** A value that may be absent, for spreading into an instruction: `{ key: word }` or nothing. */
export function optional<K extends string, V>(
  key: K,
  value: V | undefined,
): Readonly<Partial<Record<K, V>>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, V>>;
}
