// SPDX-License-Identifier: Apache-2.0
// Prints the protocol table for C (native/protocol.gen.h) and for readers (docs/protocol.md), and the system call policy for
// C (native/seccomp.gen.h). Run by `npm run gen`; the output is committed, and a test compares. `--check` only compares.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fieldMax, PROTOCOL_VERSION, verbs, type FieldRow, type VerbRow } from "./protocol.js";
import { recentSyscalls, syscallGroups, type SyscallGroup } from "./seccomp-rules.js";

function cField(row: FieldRow): string {
  const words = row.words === undefined ? "NULL" : `"${row.words.join("|")}"`;
  const flag = (value: boolean | undefined): string => (value === true ? "true" : "false");
  return `\t{ "${row.name}", FIELD_${row.type.toUpperCase()}, ${flag(row.repeatable)}, ${flag(row.leader)}, ${fieldMax(row)}, ${words} },`;
}

function cVerb(row: VerbRow): string {
  return `static const struct field_rule ${row.verb}_fields[] = {\n${row.fields.map(cField).join("\n")}\n};\n`;
}

/** The text of native/protocol.gen.h. */
export function protocolHeader(): string {
  const rules = verbs.map(
    ({ verb }) =>
      `\t{ "${verb}", ${verb}_fields, sizeof(${verb}_fields) / sizeof(${verb}_fields[0]) },`,
  );
  return [
    "// SPDX-License-Identifier: Apache-2.0",
    "// Generated from src/sandbox/protocol.ts by `npm run gen`. Do not edit. Included by spec.c only.",
    "",
    `#define PROTOCOL_VERSION ${PROTOCOL_VERSION}`,
    "",
    ...verbs.map(cVerb),
    `static const struct verb_rules all_rules[] = {\n${rules.join("\n")}\n};`,
    "",
  ].join("\n");
}

function docField(row: FieldRow): string {
  const type = row.words === undefined ? row.type : row.words.join(", ");
  const often =
    row.leader === true ? "begins a group" : row.repeatable === true ? "any number" : "";
  return `| \`${row.name}\` | ${type} | ${fieldMax(row)} | ${often} | ${row.meaning} |`;
}

function docVerb(row: VerbRow): string {
  return [
    `## ${row.verb}`,
    "",
    row.summary,
    "",
    "| field | type | max bytes | times | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...row.fields.map(docField),
    "",
  ].join("\n");
}

const intro = `<!-- Generated from src/sandbox/protocol.ts by \`npm run gen\`. Do not edit. -->

# The protocol between tsbuild and its native helper

Version ${PROTOCOL_VERSION}. The verb is the helper's only argument. The request comes on descriptor 3: fields \`name=value\`, each ended by a
NUL byte, at most 16 MiB, read to the end before anything happens. The first field is \`version\`. A field that the verb does not
know, that comes twice without being repeatable, that is too long or of the wrong type refuses the whole request. Events go
out on descriptor 4 as JSON lines; exactly one of them is final (\`done\`, \`exited\`, \`signaled\` or \`error\`). Descriptors 0, 1 and 2
belong to the payload. Names that are not UTF-8 appear in events with each odd byte 0x80+n as U+DC80+n.

Exit codes: 0 a final event was written, 64 the request is refused, 69 the kernel lacks a feature, 70 a bug, 71 a system call
failed, 77 not permitted. An end without a final event is a crash.

Types: \`path\` begins with a slash; \`id\` is 1 to 64 of \`[a-z0-9-]\`; \`int\` is a signed 64-bit decimal; \`bool\` is 0 or 1; \`hex\` is
lower-case hexadecimal; \`idmap\` is three numbers: inside, outside, count.
`;

/** The text of docs/protocol.md. */
export function protocolDocument(): string {
  return [intro, ...verbs.map(docVerb)].join("\n");
}

function cSyscalls({ names, capabilities, otherwise }: SyscallGroup): string[] {
  const mask =
    capabilities.length === 0
      ? "0"
      : capabilities.map((name) => `CAP_BIT(CAP_${name})`).join(" | ");
  return names
    .trim()
    .split(/\s+/)
    .map(
      (name) =>
        `#ifdef __NR_${name}\nSYSCALL(${name}, ${mask}, OTHERWISE_${otherwise.toUpperCase()})\n#endif`,
    );
}

/** The text of native/seccomp.gen.h: rows for a table, and the numbers that old headers lack. */
export function seccompHeader(): string {
  return [
    "// SPDX-License-Identifier: Apache-2.0",
    "// Generated from src/sandbox/seccomp-rules.ts by `npm run gen`. Do not edit. Included once for each ABI, after its numbers.",
    "",
    ...Object.entries(recentSyscalls).map(
      ([name, number]) => `#ifndef __NR_${name}\n#define __NR_${name} ${number}\n#endif`,
    ),
    "",
    ...syscallGroups.flatMap(cSyscalls),
    "",
  ].join("\n");
}

function main(check: boolean): void {
  const top = join(import.meta.dirname, "..", "..");
  const outputs = [
    [join(top, "native", "protocol.gen.h"), protocolHeader()],
    [join(top, "native", "seccomp.gen.h"), seccompHeader()],
    [join(top, "docs", "protocol.md"), protocolDocument()],
  ] as const;
  for (const [path, text] of outputs) {
    if (!check) writeFileSync(path, text);
    else if (readFileSync(path, "utf8") !== text) {
      process.stderr.write(`${path} is out of date: run npm run gen\n`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv.includes("--check"));
