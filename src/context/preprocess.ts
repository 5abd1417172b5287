// SPDX-License-Identifier: Apache-2.0
// Dockerfiles that are called NAME.in go through the C preprocessor first, as in Buildah: only those of a directory of the
// user's own, because #include reads any file of this machine.

import { execFile } from "node:child_process";
import { TsbuildError, errnoOf, printable } from "../base/index.js";
import { maxDockerfileBytes, tooLarge } from "./read-all.js";
import type { ContextEnvironment, ContextRequest } from "./types.js";

/** True when the name says that the text is for the preprocessor. */
export function isForPreprocessor(path: string): boolean {
  return path.endsWith(".in");
}

/**
 * What cpp makes of a text. `#include "FILE"` is looked for in `directory` (absolute). Comments of the Dockerfile, which are no
 * directives, do not count as errors. Throws CONTEXT_PREPROCESS, CONTEXT_FILE_TOO_LARGE.
 */
export async function preprocess(
  name: string,
  bytes: Buffer,
  directory: string,
  { cppFlags = [] }: Pick<ContextRequest, "cppFlags">,
  { env, cwd, signal }: Pick<ContextEnvironment, "env" | "cwd" | "signal">,
): Promise<Buffer> {
  const args = ["-E", "-iquote", directory, "-traditional", "-undef", ...cppFlags, "-"];
  return new Promise((fulfil, reject) => {
    const options = {
      encoding: "buffer",
      maxBuffer: maxDockerfileBytes,
      env: { ...env, LC_ALL: "C" },
      cwd,
      signal,
    } as const;
    const child = execFile("cpp", args, options, (error, stdout, stderr) => {
      const problems = realErrors(stderr.toString("utf8"));
      if (error === null || (typeof error.code === "number" && problems.length === 0))
        fulfil(stdout);
      else reject(explain(name, error, problems));
    });
    // One that ends before it has read everything says why on its standard error.
    child.stdin?.on("error", () => undefined).end(bytes);
  });
}

/** The error for such a file in a context that is not the user's own. */
export function notPreprocessed(path: string): TsbuildError {
  return new TsbuildError(
    "CONTEXT_PREPROCESS",
    `${path} is for cpp, which reads only files of a directory of your own`,
    {
      details: { path },
      hint: "its #include could name any file of this machine: fetch the context first, and build it as a directory",
    },
  );
}

/** Lines about errors, without those about comments that are taken for directives. */
function realErrors(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => /\berror: /.test(line) && !line.includes("invalid preprocessing directive"));
}

function explain(name: string, error: Error, problems: readonly string[]): Error {
  const code: unknown = "code" in error ? error.code : undefined;
  if (code === "ABORT_ERR") return error;
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER")
    return tooLarge(`${name}, preprocessed,`, maxDockerfileBytes);
  if (errnoOf(error) === "ENOENT")
    return new TsbuildError("CONTEXT_PREPROCESS", `${name} is for cpp, which is not installed`, {
      cause: error,
      hint: "install it (Debian and Ubuntu: apt-get install cpp), or name a file without .in at its end",
    });
  const said = problems.map(printable).join("; ");
  return new TsbuildError("CONTEXT_PREPROCESS", `cpp failed on ${name}: ${said || error.message}`, {
    cause: error,
  });
}
