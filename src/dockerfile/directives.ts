// SPDX-License-Identifier: Apache-2.0
// The directive zone at the top of a file (`# escape=...`), and the other places where a syntax directive is looked for.

import { fail } from "./errors.js";
import { directiveSpan } from "./tree.js";
import type { Directive, EscapeCharacter, Source, Word } from "./types.js";

const known = ["syntax", "escape", "check"] as const;
type DirectiveName = (typeof known)[number];

/** The directive in one line, or undefined when the zone ends there. */
function directiveIn(line: string, number: number, prefix: string): Directive | undefined {
  const text = line.replace(/\r+$/, "");
  const indent = text.length - text.trimStart().length;
  if (!text.startsWith(prefix, indent)) return undefined;
  // The library knows `#`; other prefixes are given to it in that shape, blanks keeping the columns.
  const comment =
    text.slice(0, indent) + "#".padEnd(prefix.length) + text.slice(indent + prefix.length);
  const span = directiveSpan(comment);
  if (span?.value === undefined) return undefined;
  const value = text.slice(span.value.start).trim();
  const between = text.slice(span.name.end, span.value.start);
  const name = text.slice(span.name.start, span.name.end).toLowerCase();
  const wanted: DirectiveName | undefined = known.find((candidate) => candidate === name);
  if (wanted === undefined || value === "" || !/^\s*=\s*$/u.test(between)) return undefined;
  return {
    name: wanted,
    value,
    range: {
      startLine: number,
      endLine: number,
      startColumn: indent + 1,
      endColumn: span.value.start + value.length + 1,
    },
  };
}

/** Leading directives from line `first` (from 0) on. The zone ends at the first line that is none. */
function zone(lines: readonly string[], first: number, prefix: string): readonly Directive[] {
  const found: Directive[] = [];
  for (let index = first; index < lines.length; index++) {
    const directive = directiveIn(lines[index] ?? "", index + 1, prefix);
    if (directive === undefined) break;
    found.push(directive);
    // A repeated directive is an error for the caller to raise; there is no need to read on.
    if (found.length > known.length) break;
  }
  return found;
}

/** The first lines of a text, without splitting all of it. */
function headOf(text: string): readonly string[] {
  const head: string[] = [];
  let start = 0;
  while (head.length < known.length + 2 && start < text.length) {
    const end = text.indexOf("\n", start);
    head.push(text.slice(start, end === -1 ? text.length : end));
    start = end === -1 ? text.length : end + 1;
  }
  return head;
}

/**
 * The directives of a Dockerfile and the escape character they choose. Errors: DOCKERFILE_DIRECTIVE for a repeated directive
 * or an escape character other than `\` and backtick.
 */
export function readDirectives(
  file: string,
  text: string,
): {
  readonly directives: readonly Directive[];
  readonly escape: EscapeCharacter;
} {
  const source: Source = { file, text, escape: "\\" };
  const directives = zone(headOf(text), 0, "#");
  let escape: EscapeCharacter = "\\";
  const seen = new Set<string>();
  for (const directive of directives) {
    if (seen.has(directive.name))
      fail(
        "DOCKERFILE_DIRECTIVE",
        `only one ${directive.name} parser directive can be used`,
        source,
        directive.range,
      );
    seen.add(directive.name);
    if (directive.name !== "escape") continue;
    if (directive.value !== "\\" && directive.value !== "`")
      fail(
        "DOCKERFILE_DIRECTIVE",
        `invalid escape token '${directive.value}' does not match \` or \\`,
        source,
        directive.range,
      );
    escape = directive.value;
  }
  return { directives, escape };
}

/** The value of a syntax key in a file that is one JSON object. */
function jsonSyntax(text: string): string | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON, so no directive in JSON form either.
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("syntax" in value)) return undefined;
  return typeof value.syntax === "string" ? value.syntax : undefined;
}

/**
 * The frontend a file asks for: `# syntax=x`, also after a `#!` line, `// syntax=x`, or `{"syntax": "x"}`. Only the first
 * word of the value counts.
 */
export function detectSyntax(text: string): Word | undefined {
  const head = headOf(text);
  const first = head[0]?.startsWith("#!") === true ? 1 : 0;
  const directives = [...zone(head, first, "#"), ...zone(head, first, "//")];
  const found = directives.find((directive) => directive.name === "syntax");
  if (found !== undefined) {
    const word = /^\S+/u.exec(found.value)?.[0] ?? found.value;
    return { text: word, range: found.range };
  }
  const json = jsonSyntax(text);
  return json === undefined ? undefined : { text: json, range: { startLine: 1, endLine: 1 } };
}

/** Repositories of the Dockerfile frontend, on whatever host: what they would do is built in. */
const builtIn = /(?:^|\/)docker\/dockerfile(?:-upstream)?(?::[\w][\w.-]*)?(?:@[\w:.+-]+)?$/;

/** Fails with DOCKERFILE_SYNTAX unless `syntax` is the Dockerfile frontend, which is built in. */
export function checkSyntax(syntax: Word, source: Source): void {
  if (builtIn.test(syntax.text)) return;
  fail(
    "DOCKERFILE_SYNTAX",
    `the frontend ${JSON.stringify(syntax.text)} is not supported`,
    source,
    syntax.range,
    {
      hint: "tsbuild has the docker/dockerfile language built in and runs no other frontend; remove the line, or use docker/dockerfile:1.",
      details: { syntax: syntax.text },
    },
  );
}
