// SPDX-License-Identifier: Apache-2.0
// Paths that a user gave: the directories of one, and where one really is.

import { lstatSync, mkdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
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
 * The file or directory itself, wherever links lead; what is not there yet, where it would be made, by a link that leads to nothing
 * as well. Throws what the system says of links in a circle, of directories that may not be searched, and of files in their place.
 */
export function realPlace(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if (errnoOf(error) !== "ENOENT" || parent === path) throw error;
    const place = join(realPlace(parent), basename(path));
    const isLink = lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? realPlace(resolve(dirname(place), readlinkSync(place))) : place;
  }
}

/** Whether a path is a directory or below it, by their names alone: see realPlace. */
export function isBelow(path: string, directory: string): boolean {
  return relative(directory, path).split("/")[0] !== "..";
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
