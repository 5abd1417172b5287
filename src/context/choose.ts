// SPDX-License-Identifier: Apache-2.0
// Which file of a tree is the Dockerfile, and which ignore file goes with it. Works on any tree that can be read by path.

import { TsbuildError } from "../base/index.js";
import { parseIgnoreFile } from "./patterns/ignore-file.js";
import { keepEverything } from "./patterns/ignore-rules.js";
import { cleanTreePath } from "./patterns/source-pattern.js";
import { maxDockerfileBytes, maxIgnoreBytes } from "./read-all.js";
import type { DockerfileSource, FileReader, IgnoreRules } from "./types.js";

/** Tried in this order when no file is named. */
export const defaultNames: readonly string[] = [
  "Dockerfile",
  "dockerfile",
  "Containerfile",
  "containerfile",
];

/** A path that was named, and with `dockerfile` at its end in the place of `Dockerfile`: for who names the default, as buildx has it. */
export function spellingsOf(path: string): readonly string[] {
  const lower = path.replace(/(?<=^|\/)Dockerfile$/, "dockerfile");
  return lower === path ? [path] : [path, lower];
}

/** A Dockerfile, and the path in the tree that it was found at. */
export interface ChosenDockerfile {
  readonly source: DockerfileSource;
  readonly path: string;
}

/** Reads the Dockerfile of a tree: `file`, or the first default name there is. Throws CONTEXT_NO_DOCKERFILE. */
export async function chooseDockerfile(
  reader: FileReader,
  context: string,
  file?: string,
): Promise<ChosenDockerfile> {
  const names = file === undefined ? defaultNames : spellingsOf(cleanTreePath(file));
  for (const path of names) {
    const bytes = await reader.read(path, maxDockerfileBytes);
    if (bytes !== undefined) return { path, source: { name: file ?? path, bytes } };
  }
  throw noDockerfile(file, context);
}

/** The error for a Dockerfile that is not there. */
export function noDockerfile(file: string | undefined, context: string): TsbuildError {
  return file === undefined
    ? new TsbuildError("CONTEXT_NO_DOCKERFILE", `there is no Dockerfile in ${context}`, {
        details: { context },
        hint: "write one, or name another file with -f FILE",
      })
    : new TsbuildError(
        "CONTEXT_NO_DOCKERFILE",
        `cannot find the Dockerfile ${file}: no such file or directory`,
        {
          details: { context, file },
          hint: "-f is relative to the current directory (in a remote context: to its root)",
        },
      );
}

/** Rules and the file they stand in; no file, no rules. */
export interface FoundIgnore {
  readonly ignore: IgnoreRules;
  readonly ignoreFile?: string;
}

/** The rules of the first of some candidate files that exists. */
export async function firstIgnore(
  candidates: readonly {
    readonly reader: FileReader;
    readonly path: string;
    readonly name: string;
  }[],
): Promise<FoundIgnore> {
  for (const { reader, path, name } of candidates) {
    const bytes = await reader.read(path, maxIgnoreBytes);
    if (bytes !== undefined)
      return { ignore: parseIgnoreFile(bytes.toString("utf8"), name), ignoreFile: name };
  }
  return { ignore: keepEverything };
}

/** The ignore files that belong to a Dockerfile at a path: these win over the tree's own. */
export function besideDockerfile(dockerfile: string): readonly string[] {
  return [`${dockerfile}.dockerignore`, `${dockerfile}.containerignore`];
}

/** The ignore files at the root of a tree. Docker's comes first: both are there only where a project serves two tools. */
export const rootIgnoreFiles: readonly string[] = [".dockerignore", ".containerignore"];
