// SPDX-License-Identifier: Apache-2.0
// The outputs without layers: `local` (a directory of the host), `tar` (the tree as one archive), `cacheonly` (nothing).

import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TsbuildError } from "../base/index.js";
import { formatPlatform, type Platform } from "../oci/index.js";
import { booleanOf, checkNames, noLayerWish } from "./attributes.js";
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

const localAttributes: readonly ExporterAttribute[] = [
  { name: "dest", summary: "directory; made when missing, merged into when there" },
  { name: "platform-split", summary: "a directory for each platform; default for several" },
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
    const split =
      given["platform-split"] === undefined
        ? undefined
        : booleanOf("local", given, "platform-split", true);
    return {
      type: "local",
      needs: "tree",
      layers: noLayerWish,
      async export(input, { signal }) {
        const trees = treesOf(input);
        const apart = split ?? trees.length > 1;
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
];

export const tarExporter: ExporterRow = {
  name: "tar",
  summary: "the file tree, as one archive",
  attributes: tarAttributes,
  create(given, context) {
    checkNames("tar", given, tarAttributes);
    const destination = fileDestination("tar", given["dest"], context);
    return {
      type: "tar",
      needs: "tree",
      layers: noLayerWish,
      async export(input, options) {
        const [only, ...others] = treesOf(input);
        if (only === undefined || others.length > 0)
          throw new TsbuildError(
            "EXPORT_UNSUPPORTED",
            "output type=tar of several platforms is not supported yet",
            {
              hint: "use type=local, or build one platform at a time",
            },
          );
        await writeOut(destination, await only.tree.tar(options.signal), options);
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
