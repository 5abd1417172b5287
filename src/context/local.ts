// SPDX-License-Identifier: Apache-2.0
// Reads single files (Dockerfile, ignore file) of a directory of this machine. The user's own directory may hold symlinks to
// anywhere; a stranger's (a git checkout) is read only as far as it stays inside itself. Never walks a tree.

import type { Stats } from "node:fs";
import { lstat, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { TsbuildError, errnoOf, readSmallFile } from "../base/index.js";
import { tooLarge } from "./read-all.js";
import type { FileReader } from "./types.js";

/** Errors that mean: no such file. */
const absent = new Set(["ENOENT", "ENOTDIR"]);

/** True for an existing directory. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await statOf(path, stat))?.isDirectory() ?? false;
}

/** Whether a path of this machine is a regular file, symlinks followed. */
export async function isFile(path: string): Promise<boolean> {
  return (await statOf(path, stat))?.isFile() ?? false;
}

/** Whether anything has this path; a symlink is something. What cannot be looked at is an error, as in the two above. */
export async function exists(path: string): Promise<boolean> {
  return (await statOf(path, lstat)) !== undefined;
}

async function statOf(
  path: string,
  look: (path: string) => Promise<Stats>,
): Promise<Stats | undefined> {
  try {
    return await look(path);
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** The bytes of a regular file of this machine, symlinks followed, or undefined when there is none. */
export async function readHostFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const bytes = await readSmallFile(path, maxBytes);
    if (bytes === "too large") throw tooLarge(path, maxBytes);
    return bytes === "not regular" ? undefined : bytes;
  } catch (error) {
    if (absent.has(errnoOf(error) ?? "")) return undefined;
    throw error instanceof TsbuildError ? error : unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): TsbuildError {
  return new TsbuildError(
    "CONTEXT_NOT_FOUND",
    `cannot read ${path}: ${errnoOf(error) ?? "unknown error"}`,
    { details: { path }, cause: error },
  );
}

/** Reads below a directory of the user's own. */
export function trustedReader(directory: string): FileReader {
  return { read: async (path, maxBytes) => readHostFile(join(directory, path), maxBytes) };
}

/**
 * Reads below a directory whose content is a stranger's and that no one else changes meanwhile (we made the checkout). A file
 * whose real place is outside: CONTEXT_DOCKERFILE_OUTSIDE.
 */
export function confinedReader(directory: string): FileReader {
  return {
    async read(path, maxBytes) {
      const root = await realpath(directory);
      let real: string;
      try {
        real = await realpath(join(root, path));
      } catch (error) {
        // A dangling link tells nothing of what is outside; a loop is as good as nothing.
        if (absent.has(errnoOf(error) ?? "") || errnoOf(error) === "ELOOP") return undefined;
        throw unreadable(path, error);
      }
      if (!isInside(root, real)) throw outside(path);
      return readHostFile(real, maxBytes);
    },
  };
}

/** True when `path` is `root` or below it; both are real, absolute paths. */
export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The error for a link that leads out of a stranger's context. */
export function outside(path: string): TsbuildError {
  return new TsbuildError(
    "CONTEXT_DOCKERFILE_OUTSIDE",
    `${path} is a symbolic link that leads out of the build context`,
    {
      details: { path },
      hint: "in a context that comes from elsewhere, links may only point inside it",
    },
  );
}
