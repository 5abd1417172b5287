// SPDX-License-Identifier: Apache-2.0
// Directories of a path that a user gave.

import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./errors.js";

/** Makes one directory; false when it is there, whoever made it. Throws what mkdir says. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return false;
    throw error;
  }
}

/**
 * Makes a directory and what is missing above it, as `mkdir -p`; gives the topmost that was made, undefined when all were there.
 * Node's own recursive mkdir tries for ever where a directory that is there answers ENOENT, as those of /proc do.
 */
export function makeDirectories(path: string, mode = 0o777): string | undefined {
  try {
    return makeOne(path, mode) ? path : undefined;
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== "ENOENT" || parent === path) throw error;
    const above = makeDirectories(parent, mode);
    const made = makeOne(path, mode) ? path : undefined;
    return above ?? made;
  }
}
