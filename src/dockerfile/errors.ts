// SPDX-License-Identifier: Apache-2.0
// The error codes of this room, and the one way it makes errors: with the place in the source.

import { TsbuildError } from "../base/index.js";
import type { SourceLocation, SourceRange } from "../base/index.js";
import type { Source } from "./types.js";

export const dockerfileErrorCodes = {
  DOCKERFILE_EMPTY: "the Dockerfile has no instructions, or no stage to build",
  DOCKERFILE_ENCODING: "the Dockerfile holds a NUL byte or text that is not UTF-8",
  DOCKERFILE_TOO_LARGE: "the Dockerfile, or one line of it, is larger than tsbuild accepts",
  DOCKERFILE_DIRECTIVE: "a parser directive (syntax, escape, check) is repeated or has a bad value",
  DOCKERFILE_SYNTAX: "the syntax directive asks for a frontend other than the built-in one",
  DOCKERFILE_HEREDOC: "a here-document is unterminated or stands where none can",
  DOCKERFILE_UNKNOWN_INSTRUCTION: "a line does not start with a Dockerfile instruction",
  DOCKERFILE_NO_STAGE: "an instruction other than ARG stands before the first FROM",
  DOCKERFILE_FLAG: "a flag is unknown, repeated, or has a bad value",
  DOCKERFILE_ARGUMENTS: "an instruction has too few, too many or blank arguments",
  DOCKERFILE_JSON: "a JSON array is needed, or holds something other than strings",
  DOCKERFILE_STAGE_NAME: "the name after AS cannot name a build stage",
  DOCKERFILE_ONBUILD: "ONBUILD holds an instruction that cannot be a trigger",
  DOCKERFILE_MOUNT: "a --mount option is unknown, missing, or has a bad value",
  DOCKERFILE_VALUE: "a port, signal, mode, duration, size or number cannot be understood",
  DOCKERFILE_EXPAND: "a variable expression is malformed, or a required variable is missing",
  DOCKERFILE_VALUE_TOO_LONG: "a value grew beyond its limit while variables were expanded",
  DOCKERFILE_CHECK: "the options of a build check cannot be understood",
  DOCKERFILE_CHECK_FAILED: "build checks have findings and were asked to fail the build",
} as const;

export type DockerfileErrorCode = keyof typeof dockerfileErrorCodes;

/** The location of a range of a source. */
export function locate(source: Source, range: SourceRange): SourceLocation {
  return { file: source.file, range, text: source.text };
}

/** Facts and advice that an error may carry besides its place. */
export interface FailOptions {
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Throws an error of this room at a place of the source. */
export function fail(
  code: DockerfileErrorCode,
  message: string,
  source: Source,
  range: SourceRange,
  options: FailOptions = {},
): never {
  throw new TsbuildError(code, message, { ...options, location: locate(source, range) });
}
