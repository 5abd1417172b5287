// SPDX-License-Identifier: Apache-2.0
// `--call=subrequests.describe`: what else --call can be asked for, in the form in which BuildKit's frontend says it.

import { printableJson } from "../../base/index.js";

const version = "1.0.0";
const calls = [
  { name: "frontend.outline", description: "Arguments, secrets and agents of a target" },
  { name: "frontend.targets", description: "Targets that can be built" },
  { name: "frontend.lint", description: "What checks find in the Dockerfile" },
  { name: "frontend.subrequests.describe", description: "These calls" },
] as const;

/** The calls as text, or as the JSON document that tools read. */
export function subrequestsText(json: boolean): string {
  if (json) {
    const metadata = [{ name: "result.json" }, { name: "result.txt" }];
    return `${printableJson(
      calls.map(({ name, description }) => ({ name, version, type: "rpc", description, metadata })),
      2,
    )}\n`;
  }
  const width = Math.max(...calls.map(({ name }) => name.length)) + 2;
  const rows = [
    { name: "NAME", version: "VERSION", description: "DESCRIPTION" },
    ...calls.map((call) => ({ ...call, version })),
  ];
  return rows
    .map((row) => `${row.name.padEnd(width)}${row.version.padEnd(9)}${row.description}\n`)
    .join("");
}
