// SPDX-License-Identifier: Apache-2.0
// Spellings that the flag parser lacks and Docker's has: --flag=true and --flag=false for flags without a value.

import type { Command } from "commander";
import { usageError } from "./values.js";

const truths = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
]);

/**
 * The arguments with `--flag=true` as `--flag`, and without `--flag=false`. `--pull=POLICY` becomes `--pull-policy=POLICY`:
 * the same flag takes no value when it stands alone, so that what follows it is the context. Throws CLI_USAGE.
 */
export function normalizeArguments(args: readonly string[], program: Command): string[] {
  // Flags that take a value in one command take it in all.
  const plain = new Set(
    program.commands
      .flatMap(({ options }) => options)
      .filter(({ required, optional }) => !required && !optional)
      .flatMap(({ long }) => (typeof long === "string" ? [long] : [])),
  );
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const result = flags.flatMap((arg) => {
    const [, name = "", value = ""] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
    if (!plain.has(name)) return [arg];
    const truth = truths.get(value);
    if (name === "--pull" && truth === undefined) return [`--pull-policy=${value}`];
    if (truth === undefined) throw usageError(name, value, "expected true or false");
    return truth ? [name] : [];
  });
  return [...result, ...args.slice(flags.length)];
}
