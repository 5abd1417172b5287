// SPDX-License-Identifier: Apache-2.0
// Writes an image as an OCI layout directory: a new one appears whole; into one that is there, blobs are added and
// index.json is replaced last, so that it is valid at every moment.

import { lstat, mkdir, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { TsbuildError, errnoOf, makeDirectories } from "../base/index.js";
import { isIndexType, isManifestType, parseImageDocument, type Descriptor } from "../oci/index.js";
import type { ContentSource } from "../registry/index.js";
import { readLayoutBlob, readLayoutIndex } from "../store/index.js";
import { temporaryName, writeText } from "./destination.js";
import { destinationError } from "./errors.js";
import { blobPath, indexJson, layoutMarker } from "./layout-files.js";
import type { ExportOptions } from "./types.js";

/** Text files beside the blobs; index.json is made from the entries. */
export interface LayoutContent {
  readonly blobs: readonly Descriptor[];
  readonly entries: readonly Descriptor[];
  readonly texts: Readonly<Record<string, string>>;
}

/** `layout`: an image layout is there; `empty`: an empty directory; `none`: nothing. Anything else is refused. */
async function stateOf(path: string): Promise<"none" | "empty" | "layout"> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "none";
    throw destinationError(error, path);
  }
  if (names.length === 0) return "empty";
  if (names.includes("oci-layout")) return "layout";
  throw new TsbuildError("EXPORT_DESTINATION", `${path} is not empty, and no OCI layout`, {
    hint: "name a directory of its own, or write an archive (leave tar=false out)",
    details: { path },
  });
}

async function hasBlob(path: string, size: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size;
}

async function readIndex(directory: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(directory, "index.json"), "utf8")) as unknown;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function fill(
  directory: string,
  { blobs, entries, texts }: LayoutContent,
  source: Pick<ContentSource, "stream">,
  options: Omit<ExportOptions, "stdout">,
): Promise<void> {
  const total = blobs.reduce((sum, blob) => sum + blob.size, 0);
  let done = 0;
  // First, so that a directory that was left unfinished is known again.
  const marker = join(directory, "oci-layout");
  if (!(await hasBlob(marker, layoutMarker.length))) await writeText(marker, layoutMarker);
  for (const blob of blobs) {
    const path = join(directory, blobPath(blob));
    if (!(await hasBlob(path, blob.size))) {
      makeDirectories(dirname(path));
      const temporary = temporaryName(path);
      try {
        await pipeline(source.stream(blob), createWriteStream(temporary, { flags: "wx" }), {
          signal: options.signal,
        });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    }
    done += blob.size;
    options.onProgress?.("writing the layout", done, total);
  }
  for (const [name, text] of Object.entries(texts)) await writeText(join(directory, name), text);
  const index = join(directory, "index.json");
  await writeText(index, indexJson(entries, await readIndex(directory)));
}

/** Throws EXPORT_DESTINATION, and what the source throws. */
export async function writeLayout(
  path: string,
  content: LayoutContent,
  source: Pick<ContentSource, "stream">,
  options: Omit<ExportOptions, "stdout">,
): Promise<void> {
  const state = await stateOf(path);
  try {
    if (state !== "none") {
      await fill(path, content, source, options);
      return;
    }
    makeDirectories(dirname(path));
    const temporary = temporaryName(path);
    await mkdir(temporary);
    try {
      await fill(temporary, content, source, options);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw destinationError(error, path);
  }
}

/**
 * Removes the blobs of a layout that none of its images has. Throws STORE_* and OCI_* where an image cannot be read: nothing is
 * removed then, as it may need what it has.
 */
export async function tidyLayout(path: string, signal: AbortSignal): Promise<void> {
  const needed = new Set<string>();
  const visit = async (descriptor: Descriptor): Promise<void> => {
    const { digest, mediaType } = descriptor;
    if (needed.has(digest)) return;
    needed.add(digest);
    if (!isIndexType(mediaType) && !isManifestType(mediaType)) return;
    const bytes = await buffer(readLayoutBlob(path, descriptor, signal));
    const document = parseImageDocument(bytes, mediaType);
    const below =
      document.kind === "index"
        ? document.index.manifests
        : [document.manifest.config, ...document.manifest.layers];
    for (const child of below) await visit(child);
  };
  for (const image of (await readLayoutIndex(path)).manifests) await visit(image);
  for (const algorithm of await directoriesIn(path, "blobs"))
    for (const entry of await readdir(join(path, "blobs", algorithm), { withFileTypes: true }))
      // What has another name is being written.
      if (
        entry.isFile() &&
        /^[0-9a-f]+$/.test(entry.name) &&
        !needed.has(`${algorithm}:${entry.name}`)
      )
        await rm(join(path, "blobs", algorithm, entry.name), { force: true });
}

/** The directories in one of a layout. No symlink is followed: it would lead to files that are none of the layout's. */
async function directoriesIn(path: string, name: string): Promise<string[]> {
  if (!(await lstat(join(path, name))).isDirectory()) return [];
  const entries = await readdir(join(path, name), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
