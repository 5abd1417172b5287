// SPDX-License-Identifier: Apache-2.0
// How a failure is told: the place with an excerpt, what failed, what to do; and the exit code.

import { isTsbuildError, messageOf, printableLine } from "../base/index.js";
import { formatExcerpt } from "../dockerfile/index.js";

/** Exit codes: 1 the build failed, 2 wrong use, 3 this machine cannot build, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (isInterruption(error)) return 130;
  if (!isTsbuildError(error)) return 1;
  if (usageCodes.has(error.code)) return 2;
  return environmentCodes.has(error.code) ? 3 : 1;
}

/** A flag or its value is wrong. */
const usageCodes = new Set([
  "BUILD_IMAGE_FILTER",
  "CLI_USAGE",
  "EXPORT_OPTION",
  "PRUNE_FILTER",
  "SANDBOX_CAPABILITY",
  "SANDBOX_STORAGE_DRIVER",
  "SANDBOX_SECCOMP_PROFILE",
  "SANDBOX_SECURITY_OPTION",
]);

/** The machine lacks something; no change of the Dockerfile would help. */
const environmentCodes = new Set([
  "SANDBOX_HELPER_MISSING",
  "SANDBOX_HELPER_VERSION",
  "SANDBOX_UNSUPPORTED",
  "SANDBOX_NOT_PERMITTED",
  "STORE_LOCKED",
  "STORE_PERMISSION",
]);

/** What the reader of Dockerfiles finds before anything is planned. */
const parseCodes = new Set([
  "DOCKERFILE_UNKNOWN_INSTRUCTION",
  "DOCKERFILE_HEREDOC",
  "DOCKERFILE_FLAG",
  "DOCKERFILE_ARGUMENTS",
  "DOCKERFILE_JSON",
  "DOCKERFILE_STAGE_NAME",
  "DOCKERFILE_ONBUILD",
  "DOCKERFILE_MOUNT",
  "DOCKERFILE_VALUE",
  "DOCKERFILE_DIRECTIVE",
]);

/** Thrown through the signal when the user interrupts. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export function isInterruption(error: unknown): boolean {
  return unwrap(error) instanceof Interrupted;
}

/** A failed clean-up must not hide what failed first. */
function unwrap(error: unknown): unknown {
  return error instanceof Error && error.name === "SuppressedError" && "suppressed" in error
    ? unwrap(error.suppressed)
    : error;
}

/** The whole report, for standard error. `debug`: with the chain of causes. */
export function formatError(thrown: unknown, debug: boolean): string {
  const error = unwrap(thrown);
  if (isInterruption(error)) return "ERROR: build interrupted\n";
  const lines: string[] = [];
  if (isTsbuildError(error) && error.location !== undefined)
    lines.push(formatExcerpt(error.location));
  lines.push(`ERROR: ${parseErrorPrefix(error)}${printableLine(messageOf(error))}`);
  if (isTsbuildError(error) && error.hint !== undefined)
    lines.push(`HINT: ${printableLine(error.hint)}`);
  if (!isTsbuildError(error) && !debug)
    lines.push("This is a defect in tsbuild; --debug shows where it came from.");
  if (debug) lines.push(...causes(error));
  return lines.join("\n") + "\n";
}

/** As BuildKit begins its own: scripts look for the words when they tell a mistake in the file from a step that failed. */
export function parseErrorPrefix(error: unknown): string {
  if (!isTsbuildError(error) || error.location === undefined || !parseCodes.has(error.code))
    return "";
  return `dockerfile parse error on line ${error.location.range.startLine}: `;
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = isTsbuildError(at) ? ` (${at.code})` : "";
    lines.push(`--- ${at.name}${code}: ${printableLine(at.stack ?? at.message)}`);
  }
  return lines;
}
