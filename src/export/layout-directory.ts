// SPDX-License-Identifier: Apache-2.0
// Writes an image as an OCI layout directory: a new one appears whole; into one that is there, blobs are added and
// index.json is replaced last, so that it is valid at every moment.

import { mkdir, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { TsbuildError, errnoOf, makeDirectories } from "../base/index.js";
import type { Descriptor } from "../oci/index.js";
import type { ContentSource } from "../registry/index.js";
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
