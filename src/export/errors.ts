// SPDX-License-Identifier: Apache-2.0
// The error codes of this room.

import { TsbuildError, defined, errnoOf, isTsbuildError, messageOf } from "../base/index.js";

export const exportErrorCodes = {
  EXPORT_SYNTAX: "an --output or --annotation cannot be parsed",
  EXPORT_TYPE: "there is no output of this type",
  EXPORT_OPTION: "an output's attribute is unknown, or its value is not allowed",
  EXPORT_UNSUPPORTED: "an output was asked for something that it cannot do",
  EXPORT_DESTINATION: "an output's destination cannot be written",
  EXPORT_ENGINE: "the container engine is not there, or did not take the image",
  EXPORT_ANNOTATION: "an annotation has no place in this image",
} as const;

export type ExportErrorCode = keyof typeof exportErrorCodes;

/** The error of an attribute's value. */
export function optionError(type: string, why: string, hint?: string): TsbuildError {
  return new TsbuildError("EXPORT_OPTION", `output type=${type}: ${why}`, {
    ...defined({ hint }),
    details: { type },
  });
}

/** The error of something below a directory that was written to: it is told which directory, and keeps its code. */
export function errorBelow(error: unknown, path: string): unknown {
  if (!isTsbuildError(error)) return error;
  const { code, message, hint, details } = error;
  return new TsbuildError(code, `cannot write ${path}: ${message}`, {
    ...defined({ hint }),
    details,
    cause: error,
  });
}

/** The error of a destination that could not be written; errors that have a code already pass. */
export function destinationError(error: unknown, path: string): TsbuildError {
  if (isTsbuildError(error)) return error;
  const errno = errnoOf(error);
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  return new TsbuildError("EXPORT_DESTINATION", `cannot write ${path}: ${messageOf(error)}`, {
    ...(full ? { hint: "the disk is full: free some space, or choose another destination" } : {}),
    details: { path, ...defined({ errno }) },
    cause: error,
  });
}
