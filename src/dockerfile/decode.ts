// SPDX-License-Identifier: Apache-2.0
// Bytes of a Dockerfile to text: byte order mark, UTF-8, NUL bytes, the largest file accepted.

import { fail } from "./errors.js";
import type { Source } from "./types.js";

/** Bytes of a Dockerfile: 16 MiB. */
const maxFile = 1 << 24;
/** Characters of a physical line: 1 MiB (the reference accepts 64 KiB). */
const maxLine = 1 << 20;

/** `doubtful`: the bytes were not UTF-8 and the text has U+FFFD in places. Comments may; instructions may not. */
export interface Decoded {
  readonly text: string;
  readonly doubtful: boolean;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Errors: DOCKERFILE_EMPTY, DOCKERFILE_ENCODING (NUL), DOCKERFILE_TOO_LARGE. */
export function decode(input: string | Uint8Array, file: string): Decoded {
  const decoded = typeof input === "string" ? input : new TextDecoder().decode(input);
  const text = decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
  const source: Source = { file, text, escape: "\\" };
  const failOn = (
    code: "DOCKERFILE_EMPTY" | "DOCKERFILE_ENCODING" | "DOCKERFILE_TOO_LARGE",
    message: string,
    line: number,
  ): never => fail(code, message, source, { startLine: line, endLine: line });
  if (input.length > maxFile)
    failOn("DOCKERFILE_TOO_LARGE", `the Dockerfile is larger than ${maxFile} bytes`, 1);
  if (text.length === 0) failOn("DOCKERFILE_EMPTY", "the Dockerfile cannot be empty", 1);
  const nul = text.indexOf("\0");
  if (nul !== -1)
    failOn("DOCKERFILE_ENCODING", "the Dockerfile holds a NUL byte", lineOf(text, nul));
  for (let start = 0, line = 1; start < text.length; line++) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    if (end - start > maxLine)
      failOn("DOCKERFILE_TOO_LARGE", `line is longer than ${maxLine} characters`, line);
    start = end + 1;
  }
  return { text, doubtful: typeof input !== "string" && text.includes("\ufffd") && !isUtf8(input) };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    // The decoder throws for exactly this.
    return false;
  }
}
