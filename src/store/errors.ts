// SPDX-License-Identifier: Apache-2.0
// The error codes of this room, and how failures of the file system become them.

import { TsbuildError, defined, errnoOf, isTsbuildError, messageOf } from "../base/index.js";

export const storeErrorCodes = {
  STORE_ROOT: "the directory for the store cannot be used as one",
  STORE_VERSION: "the store was made by a newer tsbuild",
  STORE_NOT_FOUND: "a blob is not in the store",
  STORE_CORRUPT: "a stored blob is not what its digest says",
  STORE_DIGEST: "bytes to be stored are not those that were expected",
  STORE_LIMIT: "a blob is larger than its use allows",
  STORE_FULL: "the disk is full, or a quota is used up",
  STORE_PERMISSION: "the store may not be read or written by this user",
  STORE_IO: "the file system failed below the store",
  STORE_DATABASE: "the store's database failed",
  STORE_LAYOUT: "an OCI layout that was given as a base image or a cache cannot be read",
  STORE_CLOSED: "the store was used after it was closed",
} as const;

export type StoreErrorCode = keyof typeof storeErrorCodes;

/** The store's error for whatever a file operation threw. `action` says what was tried: "write blob sha256:..". */
export function storeError(error: unknown, action: string, path?: string): TsbuildError {
  if (isTsbuildError(error)) return error;
  const errno = errnoOf(error);
  const details = defined({ path, errno });
  const at = path === undefined ? "" : ` (${path})`;
  if (errno === "ENOSPC" || errno === "EDQUOT")
    return new TsbuildError("STORE_FULL", `cannot ${action}: no space left on the disk${at}`, {
      hint: "free some space, for example with `tsbuild prune`, or move the store with TSBUILD_ROOT",
      details,
      cause: error,
    });
  if (errno === "EACCES" || errno === "EPERM" || errno === "EROFS")
    return new TsbuildError("STORE_PERMISSION", `cannot ${action}: permission denied${at}`, {
      hint: "the store belongs to one user; choose a directory of your own with TSBUILD_ROOT",
      details,
      cause: error,
    });
  return new TsbuildError("STORE_IO", `cannot ${action}: ${messageOf(error)}`, {
    details,
    cause: error,
  });
}

/** True for errors of cancelled work, which pass through unchanged. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason;
}
