// SPDX-License-Identifier: Apache-2.0
// What the end of a program, or its failure to begin, is to a shell.

import { exitCodeOfSignal, isTsbuildError } from "../base/index.js";

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signaled"; readonly signal: string };

/** The program's own code, or 128 and the signal. */
export function exitCodeOfResult(end: ProgramEnd): number {
  if (end.kind === "exited") return end.code;
  return exitCodeOfSignal(end.signal) ?? 128;
}

/** 124: --timeout; 126 and 127: the program cannot be executed, or is not there; 125: everything else that is no program's. */
export function exitCodeOfError(error: unknown): number {
  if (isTsbuildError(error, "BUILD_TIMEOUT")) return 124;
  if (!isTsbuildError(error, "SANDBOX_EXEC")) return 125;
  return error.details["errno"] === "ENOENT" ? 127 : 126;
}
