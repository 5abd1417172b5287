// SPDX-License-Identifier: Apache-2.0
// Where outputs go: a file that appears under its name only when it is whole, or stdout.

import { randomBytes } from "node:crypto";
import { createWriteStream, statSync } from "node:fs";
import { lstat, open, realpath, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TsbuildError, errnoOf, makeDirectories, realPlace } from "../base/index.js";
import { destinationError, optionError } from "./errors.js";
import type { ExportOptions, ExporterContext } from "./types.js";

/** `undefined`: stdout. */
export type Destination = { readonly path: string } | undefined;

/** The `dest` of an output that writes one file. Throws EXPORT_OPTION when it would write an archive to a terminal. */
export function fileDestination(
  type: string,
  dest: string | undefined,
  context: ExporterContext,
): Destination {
  if (dest !== undefined && dest !== "" && dest !== "-")
    return { path: resolve(context.cwd, dest) };
  if (context.stdoutIsTerminal === true)
    throw optionError(
      type,
      "dest is missing, and an archive is not written to a terminal",
      `write type=${type},dest=FILE`,
    );
  return undefined;
}

/** A fresh name in the same directory, for rename. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
}

/** Where a path really is (realPlace). Throws EXPORT_DESTINATION. */
export function destinationPlace(path: string): string {
  try {
    return realPlace(path);
  } catch (error) {
    throw destinationError(error, path);
  }
}

/** The first of several places where two would write, of which only one would be left. Devices and pipes take both. */
export function writtenTwice(paths: readonly string[]): string | undefined {
  if (paths.length < 2) return undefined;
  const seen = new Set<string>();
  return paths.find((path) => {
    const place = destinationPlace(path);
    const there = statSync(place, { throwIfNoEntry: false });
    const known = seen.has(place);
    seen.add(place);
    return known && (there === undefined || there.isFile() || there.isDirectory());
  });
}

/** What is at a path, symlinks followed; undefined when nothing is. */
async function kindOf(
  path: string,
): Promise<{ kind: "file" | "directory" | "other"; real: string } | undefined> {
  try {
    const real = await realpath(path);
    const found = await lstat(real);
    return { kind: found.isFile() ? "file" : found.isDirectory() ? "directory" : "other", real };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw destinationError(error, path);
  }
}

type Bytes = AsyncIterable<Uint8Array>;

/**
 * Writes a stream to its destination. A file is replaced at the end, by rename; on failure it stays as it was, and
 * nothing is left beside it. It is not synced: the store has the image, and can write it again. Devices and pipes are written to directly. Throws EXPORT_DESTINATION, or what the source threw.
 */
export async function writeOut(
  destination: Destination,
  source: Bytes,
  options: ExportOptions,
): Promise<void> {
  if (destination === undefined) {
    await pour(source, options.stdout, "the standard output", options.signal, false);
    return;
  }
  const { path } = destination;
  const there = await kindOf(path);
  if (there?.kind === "directory")
    throw new TsbuildError(
      "EXPORT_DESTINATION",
      `${path} is a directory, and the output is a file`,
      {
        hint: "name a file in dest=",
        details: { path },
      },
    );
  if (there?.kind === "other") {
    await pour(source, createWriteStream(there.real), path, options.signal, true);
    return;
  }
  // A symlink stays one: what it points to is replaced.
  const target = there?.real ?? path;
  const temporary = temporaryName(target);
  try {
    makeDirectories(dirname(target));
  } catch (error) {
    throw destinationError(error, path);
  }
  try {
    // Open before anything flows: a stream that fails at once would otherwise make its file after it was cleaned up.
    await using file = await open(temporary, "wx");
    await fill(file, source, options.signal);
    await file.close(); // some file systems tell of a full disk only here
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    options.signal.throwIfAborted();
    // Errors of the source have their own code; what is left is of the file system.
    throw destinationError(error, path);
  }
}

/** Takes the next piece while one is being written. */
async function fill(file: FileHandle, source: Bytes, signal: AbortSignal): Promise<void> {
  let written = Promise.resolve();
  try {
    for await (const piece of source) {
      signal.throwIfAborted();
      await written;
      written = file.writeFile(piece);
      written.catch(() => undefined); // seen when its turn comes
    }
  } catch (error) {
    await written.catch(() => undefined);
    throw error;
  }
  await written;
}

async function pour(
  source: Bytes,
  sink: Writable,
  path: string,
  signal: AbortSignal,
  end: boolean,
): Promise<void> {
  try {
    await pipeline(source, sink, { signal, end });
  } catch (error) {
    signal.throwIfAborted();
    throw destinationError(error, path);
  }
}

/** Whatever has the name is replaced, and not written through: in a directory that was there before, it may be a symlink. */
export async function writeText(path: string, text: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await using handle = await open(temporary, "wx");
    await handle.writeFile(text);
    await handle.datasync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
