// SPDX-License-Identifier: Apache-2.0
// The outputs without layers: `local` (a directory of the host), `tar` (the tree as one archive), `cacheonly` (nothing).

import type { Readable } from "node:stream";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TsbuildError } from "../base/index.js";
import { formatPlatform, type Platform } from "../oci/index.js";
import { booleanOf, checkNames, noLayerWish, type Attributes } from "./attributes.js";
import { fileDestination, writeOut } from "./destination.js";
import { destinationError, optionError } from "./errors.js";
import type { ExporterAttribute, ExporterRow, ExportInput } from "./types.js";

/** `linux_amd64`, `linux_arm_v7`. */
function platformDirectory(platform: Platform): string {
  return formatPlatform(platform).replaceAll("/", "_");
}

function treesOf(input: ExportInput): NonNullable<ExportInput["trees"]> {
  if (input.trees === undefined || input.trees.length === 0)
    throw new TsbuildError("EXPORT_UNSUPPORTED", "the build gave no file tree to this output");
  return input.trees;
}

const platformSplit: ExporterAttribute = {
  name: "platform-split",
  summary: "a directory for each platform; default for several",
};

/** Undefined: the build decides. Throws EXPORT_OPTION. */
function splitOf(type: string, given: Attributes): boolean | undefined {
  const { name } = platformSplit;
  return given[name] === undefined ? undefined : booleanOf(type, given, name, true);
}

const localAttributes: readonly ExporterAttribute[] = [
  { name: "dest", summary: "directory; made when missing, merged into when there" },
  platformSplit,
  { name: "mode", summary: "copy" },
];

export const localExporter: ExporterRow = {
  name: "local",
  summary: "the file tree, into a directory",
  attributes: localAttributes,
  create(given, context) {
    checkNames("local", given, localAttributes);
    const dest = given["dest"] ?? "";
    if (dest === "" || dest === "-")
      throw optionError("local", "dest is missing", "write type=local,dest=DIR");
    const mode = given["mode"] ?? "copy";
    if (mode !== "copy") throw optionError("local", `mode=${mode} is not supported yet`);
    const path = resolve(context.cwd, dest);
    const split = splitOf("local", given);
    return {
      type: "local",
      needs: "tree",
      layers: noLayerWish,
      async export(input, { signal }) {
        const trees = treesOf(input);
        const apart = split ?? input.multiPlatform ?? trees.length > 1;
        for (const { platform, tree } of trees) {
          const directory = apart ? join(path, platformDirectory(platform)) : path;
          try {
            await mkdir(directory, { recursive: true });
          } catch (error) {
            throw destinationError(error, directory);
          }
          await tree.copyTo(directory, signal);
        }
        return { names: [], path };
      },
    };
  },
};

const tarAttributes: readonly ExporterAttribute[] = [
  { name: "dest", summary: "file; - is stdout" },
  platformSplit,
];

/** What an archive ends with: two blocks of zeros. */
const endMark = 1024;

/** Archives one after another as one. */
async function* joined(
  parts: readonly (() => Promise<Readable>)[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const part of parts) {
    // The last bytes seen, which are the mark unless more come.
    let held = Buffer.alloc(0);
    for await (const chunk of (await part()) as AsyncIterable<Buffer>) {
      const sure = Math.max(0, held.length + chunk.length - endMark);
      const inChunk = Math.max(0, sure - held.length);
      yield held.subarray(0, sure);
      yield chunk.subarray(0, inChunk);
      held = Buffer.concat([held.subarray(sure), chunk.subarray(inChunk)]);
    }
  }
  yield Buffer.alloc(endMark);
}

export const tarExporter: ExporterRow = {
  name: "tar",
  summary: "the file tree, as one archive",
  attributes: tarAttributes,
  create(given, context) {
    checkNames("tar", given, tarAttributes);
    const destination = fileDestination("tar", given["dest"], context);
    const split = splitOf("tar", given);
    return {
      type: "tar",
      needs: "tree",
      layers: noLayerWish,
      async export(input, options) {
        const trees = treesOf(input);
        const apart = split ?? input.multiPlatform ?? trees.length > 1;
        const parts = trees.map(
          ({ platform, tree }) =>
            () =>
              tree.tar(options.signal, apart ? platformDirectory(platform) : undefined),
        );
        const [only, ...others] = parts;
        const archive = others.length === 0 ? await only?.() : undefined;
        await writeOut(destination, archive ?? joined(parts), options);
        return { names: [], ...(destination === undefined ? {} : { path: destination.path }) };
      },
    };
  },
};

export const cacheOnlyExporter: ExporterRow = {
  name: "cacheonly",
  summary: "nothing: the build fills the cache",
  attributes: [],
  create(given) {
    checkNames("cacheonly", given, []);
    return {
      type: "cacheonly",
      needs: "nothing",
      layers: noLayerWish,
      export: () => Promise.resolve({ names: [] }),
    };
  },
};
