// SPDX-License-Identifier: Apache-2.0
// Spellings that the flag parser lacks and Docker's has: --flag=true and --flag=false for flags without a value, --flag
// before the context for flags that may have one, and -f=VALUE.

import type { Command } from "commander";
import { usageError } from "./values.js";

const truths = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((text) => [text, false] as const),
]);

/** What flags of other builders mean when they are false, where that is not the default. */
const opposites = new Map([
  // Kaniko's name for it: the build adds one layer.
  ["--layers", "--single-snapshot"],
  ["--skip-unused-stages", "--build-unused-stages"],
  ["--http-proxy", "--no-http-proxy"],
]);

/** Flags that may have a value, and what can be one: anything else behind them is an argument of its own. */
const optional = new Set([
  ...["--provenance", "--sbom", "--tls-verify", "--inherit-labels", "--prefer-index"],
]);
const mode = /^(?:true|false|[01tf]|min|max|[a-z-]+=.*)$/i;

/**
 * The arguments with `--flag=true` as `--flag`, without `--flag=false`, and `-f=VALUE` as `-f VALUE`. `--pull=POLICY` becomes `--pull-policy=POLICY`:
 * the same flag takes no value when it stands alone, so that what follows it is the context. Throws CLI_USAGE.
 */
export function normalizeArguments(args: readonly string[], program: Command): string[] {
  const run = program.commands.find((command) => command.name() === "run" && args[0] === "run");
  const bake = program.commands.find((command) => command.name() === "bake" && args[0] === "bake");
  const end = run === undefined ? args.indexOf("--") : endOfFlags(args, run);
  // Flags that take a value in one command take it in all, but for `run`, where others follow the image's name, and `bake`,
  // whose --print has none.
  const own = run ?? bake;
  const options = (
    own === undefined
      ? program.commands.filter((command) => !["run", "bake"].includes(command.name()))
      : [own]
  )
    .flatMap((command) => [command, ...command.commands])
    .flatMap((command) => command.options);
  const plain = new Set(
    options
      .filter(({ required, optional }) => !required && !optional)
      .flatMap(({ long }) => (typeof long === "string" ? [long] : [])),
  );
  const letters = new Set(options.flatMap(({ short, required }) => (required ? [short] : [])));
  const flags = end < 0 ? args : args.slice(0, end);
  const result = flags.flatMap((arg, i) => {
    if (optional.has(arg) && !mode.test(flags[i + 1] ?? "")) return [`${arg}=true`];
    const [, letter, word = ""] = /^(-[a-zA-Z])=(.*)$/s.exec(arg) ?? [];
    if (letter !== undefined && letters.has(letter)) return [letter, word];
    const [, name = "", value = ""] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
    if (!plain.has(name)) return [arg];
    const truth = truths.get(value);
    if (name === "--pull" && truth === undefined) return [`--pull-policy=${value}`];
    const opposite = truth === false ? opposites.get(name) : undefined;
    if (opposite !== undefined) return [opposite];
    if (truth === undefined) throw usageError(name, value, "expected true or false");
    return truth ? [name] : [];
  });
  return [...result, ...args.slice(flags.length)];
}

/** Where the first argument is that is neither a flag nor a flag's value. The command's name is the first of all. */
function endOfFlags(args: readonly string[], { options }: Command): number {
  const takesValue = (name: string): boolean =>
    options.some(({ long, short, required }) => required && (long === name || short === name));
  let at = 1;
  for (let arg = args[at]; arg !== undefined && /^-./.test(arg) && arg !== "--"; arg = args[at]) {
    // Of letters together, one with a value is the last, or has the rest for its value.
    const letters = arg.startsWith("--") ? [] : Array.from(arg.slice(1));
    const last = letters.findIndex((letter) => takesValue(`-${letter}`));
    const separate = letters.length > 0 ? last === letters.length - 1 : takesValue(arg);
    at += separate ? 2 : 1;
  }
  return Math.min(at, args.length);
}
