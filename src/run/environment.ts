// SPDX-License-Identifier: Apache-2.0
// The environment of a container: layers of `NAME=VALUE`, each over the one before, and the files that hold such lines.

import { TsbuildError } from "../base/index.js";

function nameOf(entry: string): string {
  const at = entry.indexOf("=");
  return at < 0 ? entry : entry.slice(0, at);
}

/**
 * Lays lists of entries over one another: a later value takes the place of an earlier one of that name, and a name without
 * `=` takes the variable away.
 */
export function mergeEnvironment(...layers: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of layers.flat()) {
    if (entry.includes("=")) merged.set(nameOf(entry), entry);
    else merged.delete(entry);
  }
  return [...merged.values()];
}

/**
 * The lines of an `--env-file`: `NAME=VALUE` as it stands, without quotes or escapes; `NAME` alone has the value of our
 * environment, and does nothing without one there. Empty lines and those that begin with `#` do not count.
 * Errors: RUN_ENV_FILE.
 */
export function parseEnvFile(
  bytes: Uint8Array,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const refuse = (line: number, problem: string): TsbuildError =>
    new TsbuildError("RUN_ENV_FILE", `${file}:${line}: ${problem}`, { details: { file, line } });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TsbuildError("RUN_ENV_FILE", `${file} is not UTF-8`, { cause, details: { file } });
  }
  return text.split("\n").flatMap((raw, i): string[] => {
    const line = raw.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) return [];
    const name = nameOf(line);
    if (name === "") throw refuse(i + 1, "a variable needs a name");
    if (/\s/.test(name)) throw refuse(i + 1, `the name ${JSON.stringify(name)} has spaces in it`);
    if (line.includes("=")) return [line];
    const value = env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}
