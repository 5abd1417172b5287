// SPDX-License-Identifier: Apache-2.0
// The error codes of this room.

export const contextErrorCodes = {
  CONTEXT_BAD_PATTERN: "a line of an ignore file, or a pattern of a flag, is malformed",
  CONTEXT_BAD_REFERENCE: "a context, URL or --build-context value could not be understood",
  CONTEXT_CONFLICT: "two inputs exclude each other, such as two that both want standard input",
  CONTEXT_NOT_FOUND: "the build context does not exist or is not a directory",
  CONTEXT_NO_DOCKERFILE: "no Dockerfile where one was expected",
  CONTEXT_DOCKERFILE_OUTSIDE:
    "the Dockerfile or ignore file of an untrusted context is a symlink that leaves it",
  CONTEXT_FILE_TOO_LARGE: "a Dockerfile or ignore file is larger than tsbuild reads",
  CONTEXT_PREPROCESS: "cpp is missing or failed on a Dockerfile whose name ends with .in",
  CONTEXT_EMPTY_INPUT: "standard input or a download that should hold a context is empty",
  CONTEXT_HTTP_FAILED: "an HTTP download failed",
  CONTEXT_HTTP_STATUS: "an HTTP server answered with an error status",
  CONTEXT_HTTP_CHECKSUM: "a download is not what the source policy expects",
  CONTEXT_HTTP_TOO_LARGE: "an HTTP download is larger than allowed",
  CONTEXT_GIT_MISSING: "git is needed and is not installed",
  CONTEXT_GIT_FAILED: "a git command failed",
  CONTEXT_GIT_REF: "a git reference or directory does not exist in the repository",
  CONTEXT_SSH: "--ssh names no usable agent or key",
  CONTEXT_GIT_CHECKSUM: "the commit found is not the one asked for",
} as const;
