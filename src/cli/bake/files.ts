// SPDX-License-Identifier: Apache-2.0
// The files of build targets: those of -f, of BUILDX_BAKE_FILE, or the usual ones that are there.

import { readFileSync, statSync } from "node:fs";
import { delimiter } from "node:path";
import { defaultFileNames, type BakeFile } from "../../bake/index.js";
import {
  errnoOf,
  messageOf,
  readSmallInput,
  readSmallStream,
  TsbuildError,
} from "../../base/index.js";

const maxBytes = 8 << 20;

/** A file of this machine, `-` for standard input. Errors: CLI_BAKE_FILE, those of node:fs. */
async function read(name: string): Promise<BakeFile> {
  const bytes =
    name === "-"
      ? await readSmallStream(process.stdin, maxBytes)
      : await readSmallInput(name, maxBytes);
  if (bytes === "too large") throw failed(name, `it is larger than ${maxBytes >> 20} MB`);
  return { name, text: bytes.toString("utf8") };
}

/** The same for one that has to be there. Errors: CLI_BAKE_FILE. */
export async function readFileOfTargets(name: string): Promise<BakeFile> {
  try {
    return await read(name);
  } catch (error) {
    throw error instanceof TsbuildError ? error : failed(name, messageOf(error), error);
  }
}

function failed(name: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CLI_BAKE_FILE", `cannot read ${name}: ${why}`, {
    cause,
    details: { path: name },
  });
}

const here = "cwd://";

function named(files: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  if (files.length > 0) return files;
  const separator = env["BUILDX_BAKE_PATH_SEPARATOR"] ?? "";
  const listed = env["BUILDX_BAKE_FILE"]?.split(separator === "" ? delimiter : separator) ?? [];
  return listed.map((name) => name.trim()).filter((name) => name !== "");
}

/**
 * In the order in which later ones add to and change earlier ones. `repository` reads those that are not said to be of this machine
 * (`cwd://`); without names, the usual ones that are there. Errors: CLI_BAKE_FILE, what it throws.
 */
export async function readFiles(
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  repository?: (names: readonly string[] | undefined) => Promise<readonly BakeFile[]>,
): Promise<readonly BakeFile[]> {
  const given = named(files, env);
  if (repository !== undefined) {
    const there = given.filter((name) => !name.startsWith(here));
    const found = [...(await repository(there.length > 0 ? there : undefined))];
    for (const name of given)
      if (name.startsWith(here)) found.push(await readFileOfTargets(name.slice(here.length)));
    return orNone(found);
  }
  const found: BakeFile[] = [];
  if (given.length > 0) {
    for (const name of given) found.push(await readFileOfTargets(name.replace(here, "")));
    return found;
  }
  for (const name of defaultFileNames) {
    try {
      found.push(await read(name));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") continue;
      throw error instanceof TsbuildError ? error : failed(name, messageOf(error), error);
    }
  }
  return orNone(found);
}

function orNone(found: readonly BakeFile[]): readonly BakeFile[] {
  if (found.length > 0) return found;
  throw new TsbuildError("CLI_BAKE_FILE", "there is no file of build targets here", {
    hint: `Name one with -f, or make one of these: ${defaultFileNames.join(", ")}.`,
  });
}

/** The text of a file that a Compose file names; undefined when there is none. `check` refuses paths. Errors: CLI_BAKE_FILE. */
export function readFurtherFile(path: string, check: (path: string) => void): string | undefined {
  try {
    check(path);
    const status = statSync(path);
    if (!status.isFile()) throw failed(path, "it is no regular file");
    if (status.size > maxBytes) throw failed(path, `it is larger than ${maxBytes >> 20} MB`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error instanceof TsbuildError ? error : failed(path, messageOf(error), error);
  }
}
