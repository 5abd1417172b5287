// SPDX-License-Identifier: Apache-2.0
// Paths as text, and names of history lines. Nothing here looks at a file system.

import { posix } from "node:path";
import type { Platform } from "../oci/index.js";

/** An absolute, clean path: `path` below `directory` unless it is absolute itself. No trailing slash but for `/`. */
export function absolutePath(path: string, directory: string): string {
  const joined = posix.normalize(path.startsWith("/") ? path : posix.join("/", directory, path));
  return joined.length > 1 && joined.endsWith("/") ? joined.slice(0, -1) : joined;
}

/** A path as Windows writes it (`c:\app`), as everybody else does; those of other platforms stay. */
export function withSlashes(path: string, { os }: Platform): string {
  return os === "windows" ? path.replaceAll("\\", "/").replace(/^c:/i, "") : path;
}

/** The other way round: as programs of the platform want it. */
export function asThePlatformWrites(path: string, { os }: Platform): string {
  return os === "windows" ? path.replaceAll("/", "\\") : path;
}

/** True for a destination that is a directory by the way it is written. */
export function writtenAsDirectory(path: string): boolean {
  return (
    path === "" ||
    path.endsWith("/") ||
    path === "." ||
    path.endsWith("/.") ||
    path === ".." ||
    path.endsWith("/..")
  );
}

/** Words as history shows a list: `["a" "b"]`. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(" ")}]`;
}

const remoteRepository =
  /^(?:git:\/\/|ssh:\/\/|git@|[\w.-]+@[\w.-]+:|https?:\/\/[^?#]+\.git(?:[?#]|$))/;

/** How ADD understands a source: a download, a repository, or a path. */
export function sourceKind(source: string): "http" | "git" | "path" {
  if (remoteRepository.test(source)) return "git";
  return /^https?:\/\//.test(source) ? "http" : "path";
}
