// SPDX-License-Identifier: Apache-2.0
// The outputs without layers: `local` (a directory of the host), `tar` (the tree as one archive), `cacheonly` (nothing).

import { Readable } from "node:stream";
import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pack } from "tar-stream";
import { TsbuildError, errnoOf, isBelow, makeDirectories, printable } from "../base/index.js";
import { formatFullPlatform, type Platform } from "../oci/index.js";
import {
  booleanOf,
  checkNames,
  epochAttribute,
  noLayerWish,
  treeWish,
  type Attributes,
} from "./attributes.js";
import { destinationPlace, fileDestination, writeOut, writeText } from "./destination.js";
import { destinationError, errorBelow, optionError } from "./errors.js";
import type {
  ExporterAttribute,
  ExporterContext,
  ExporterRow,
  ExportInput,
  PlatformTree,
} from "./types.js";

/** `linux_amd64`, `linux_arm_v7`. */
function platformDirectory(platform: Platform): string {
  return formatFullPlatform(platform).replaceAll("/", "_");
}

/** The trees, each with where it goes. */
function placesOf(
  { trees = [], multiPlatform }: ExportInput,
  { split, prefix }: Arrangement,
): Place[] {
  if (trees.length === 0)
    throw new TsbuildError("EXPORT_UNSUPPORTED", "the build gave no file tree to this output");
  const several = trees.length > 1;
  const apart = split ?? multiPlatform ?? several;
  return trees.map((tree) => {
    const name = platformDirectory(tree.platform);
    return {
      ...tree,
      below: apart ? name : "",
      statements: async (signal) => {
        const texts = (await tree.attest?.(signal)) ?? [];
        const mixed = several && !apart;
        const named = (file: string): string =>
          prefix + (mixed ? file.replace(/\.json$/, `.${name}.json`) : file);
        return texts.map(({ name: file, text }) => ({ name: named(file), text }));
      },
    };
  });
}

const platformSplit: ExporterAttribute = {
  name: "platform-split",
  summary: "a directory for each platform; default for several",
};

const attestationPrefix: ExporterAttribute = {
  name: "attestation-prefix",
  summary: "what the names of files with attestations begin with",
};

/** What an output was told of where things go. */
interface Arrangement {
  /** A directory for each platform; undefined: the build decides. */
  readonly split: boolean | undefined;
  readonly prefix: string;
}

/** Throws EXPORT_OPTION. */
function arrangementOf(type: string, given: Attributes): Arrangement {
  const { name } = platformSplit;
  const prefix = given[attestationPrefix.name] ?? "";
  if (/[/\0]/.test(prefix))
    throw optionError(type, `attestation-prefix=${printable(prefix)} is no part of a file's name`);
  return {
    split: given[name] === undefined ? undefined : booleanOf(type, given, name, true),
    prefix,
  };
}

interface Place extends PlatformTree {
  /** The directory of the output that it is in; none: the output itself. */
  readonly below: string;
  /** Files beside it that say something of it. */
  readonly statements: NonNullable<PlatformTree["attest"]>;
}

/**
 * Paths of all entries, and whether each is a directory. Throws EXPORT_UNSUPPORTED where trees that go into one place have a
 * file of the same name: one would be lost.
 */
async function contentOf(
  places: readonly Place[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const content = new Map<string, boolean>();
  for (const { tree, below, platform } of places) {
    if (below !== "") content.set(below, true);
    for (const { path, isDirectory } of await tree.list(signal)) {
      const place = join(below, path);
      const other = content.get(place);
      if (other !== undefined && !(other && isDirectory))
        throw new TsbuildError(
          "EXPORT_UNSUPPORTED",
          `${printable(place)} of ${formatFullPlatform(platform)} would overwrite that of another platform`,
          { hint: "leave platform-split=false out, or give the files names with the platform" },
        );
      content.set(place, isDirectory);
    }
  }
  return content;
}

/** True where several trees go into one place. */
function areMixed(places: readonly Place[]): boolean {
  return places.some(({ below }, i) => i > 0 && below === places[0]?.below);
}

const localAttributes: readonly ExporterAttribute[] = [
  { name: "dest", summary: "directory; made when missing, merged into when there" },
  platformSplit,
  attestationPrefix,
  { name: "mode", summary: "copy, or delete: what is not in the tree goes" },
  epochAttribute,
];

/** The permission to delete in a directory that is not below the current one. */
const deletePermission = "buildx.local.delete";

/** Throws EXPORT_OPTION, EXPORT_DESTINATION. */
function deletesIn(path: string, given: Attributes, { cwd, allow = [] }: ExporterContext): boolean {
  const mode = given["mode"] ?? "copy";
  if (mode !== "copy" && mode !== "delete")
    throw optionError("local", `mode=${printable(mode)} is neither copy nor delete`);
  if (mode === "copy") return false;
  // A symlink may stand below the current directory, and what it leads to elsewhere.
  const [here, place] = [destinationPlace(cwd), destinationPlace(path)];
  if ((place === here || !isBelow(place, here)) && !allow.includes(deletePermission))
    throw optionError(
      "local",
      `mode=delete would delete files in ${path}, which is not below the current directory`,
      `permit it with --allow=${deletePermission}`,
    );
  return true;
}

/** Removes what a directory has and its new content has not, or has as something else. Symlinks are not followed. */
async function removeOthers(
  directory: string,
  content: ReadonlyMap<string, boolean>,
  below = "",
): Promise<void> {
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    const isDirectory = content.get(path);
    if (isDirectory !== entry.isDirectory())
      await rm(join(directory, path), { recursive: true, force: true });
    else if (isDirectory) await removeOthers(directory, content, path);
  }
}

/**
 * Makes a platform's directory. What has the name and is something else is replaced, as in the tree below: a symlink may lead to
 * files that are none of the output's.
 */
async function makeDirectory(directory: string, name: string): Promise<void> {
  const path = join(directory, name);
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    if ((await lstat(path)).isDirectory()) return;
    await rm(path);
    await mkdir(path);
  }
}

/** Writes a file that says something of a tree, in the place of whatever has its name. */
async function writeStatement(path: string, text: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isDirectory() === true) await rm(path, { recursive: true, force: true });
  await writeText(path, text);
}

export const localExporter: ExporterRow = {
  name: "local",
  summary: "the file tree, into a directory",
  attributes: localAttributes,
  create(given, context) {
    checkNames("local", given, localAttributes);
    const dest = given["dest"] ?? "";
    if (dest === "" || dest === "-")
      throw optionError("local", "dest is missing", "write type=local,dest=DIR");
    const path = resolve(context.cwd, dest);
    const deletes = deletesIn(path, given, context);
    const arrangement = arrangementOf("local", given);
    return {
      type: "local",
      needs: "tree",
      path,
      layers: treeWish("local", given),
      async export(input, { signal }) {
        const places = placesOf(input, arrangement);
        try {
          makeDirectories(path);
          const content =
            deletes || areMixed(places)
              ? await contentOf(places, signal)
              : new Map<string, boolean>();
          if (deletes) await removeOthers(path, content);
          for (const { below } of places) if (below !== "") await makeDirectory(path, below);
        } catch (error) {
          throw destinationError(error, path);
        }
        try {
          for (const { tree, below, statements } of places) {
            await tree.copyTo(join(path, below), signal);
            for (const { name, text } of await statements(signal))
              await writeStatement(join(path, below, name), text);
          }
        } catch (error) {
          throw errorBelow(error, path);
        }
        return { names: [], path };
      },
    };
  },
};

const tarAttributes: readonly ExporterAttribute[] = [
  { name: "dest", summary: "file; - is stdout" },
  platformSplit,
  attestationPrefix,
  epochAttribute,
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

/** An archive of files in a directory. */
function archived(
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Readable {
  const archive = pack();
  for (const { name, text } of files)
    archive.entry({ name: join(directory, name), mode: 0o644, mtime: new Date(0) }, text);
  archive.finalize();
  return Readable.from(archive);
}

export const tarExporter: ExporterRow = {
  name: "tar",
  summary: "the file tree, as one archive",
  attributes: tarAttributes,
  create(given, context) {
    checkNames("tar", given, tarAttributes);
    const destination = fileDestination("tar", given["dest"], context);
    const toStdout = destination === undefined;
    const arrangement = arrangementOf("tar", given);
    return {
      type: "tar",
      needs: "tree",
      toStdout,
      ...(destination === undefined ? {} : destination),
      layers: treeWish("tar", given),
      async export(input, options) {
        const { signal } = options;
        const places = placesOf(input, arrangement);
        if (areMixed(places)) await contentOf(places, signal);
        const parts = places.flatMap(({ tree, below, attest, statements }) => [
          () => tree.tar(signal, below === "" ? undefined : below),
          ...(attest === undefined ? [] : [async () => archived(below, await statements(signal))]),
        ]);
        const [only, ...others] = parts;
        const archive = others.length === 0 ? await only?.() : undefined;
        try {
          await writeOut(destination, archive ?? joined(parts), options);
        } finally {
          // Where there is no place for it, nobody has read it, and who writes it would wait.
          archive?.destroy();
        }
        return { names: [], toStdout, ...(destination === undefined ? {} : destination) };
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
