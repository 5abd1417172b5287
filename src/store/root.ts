// SPDX-License-Identifier: Apache-2.0
// The directory of a store: what is in it, how it is made, and when a directory is refused.
//   store.json   version of this arrangement      oci/        OCI layout: blobs and named images
//   meta/        the database                     tmp/        scratch of running processes
//   snapshots/, cache-mounts/   the native helper's           corrupt/    what was set aside as damaged

import {
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  chmodSync,
  writeFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { TsbuildError, errnoOf, isRecord, makeDirectories } from "../base/index.js";
import { mediaTypes } from "../oci/index.js";
import { storeError } from "./errors.js";
import { currentOwner, livenessOf, ownerFromName, ownerName } from "./owner.js";

export const storeVersion = 1;
const known = new Set([
  ...["store.json", "oci", "meta", "tmp", "corrupt", "snapshots", "cache-mounts", "lost+found"],
]);

export interface RootPaths {
  readonly root: string;
  readonly layout: string;
  readonly blobs: string;
  readonly index: string;
  readonly meta: string;
  readonly tmp: string;
  readonly corrupt: string;
}

export function rootPaths(root: string): RootPaths {
  const layout = join(root, "oci");
  return {
    root,
    layout,
    blobs: join(layout, "blobs"),
    index: join(layout, "index.json"),
    meta: join(root, "meta"),
    tmp: join(root, "tmp"),
    corrupt: join(root, "corrupt"),
  };
}

function readVersion(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && typeof value["version"] === "number" ? value["version"] : undefined;
  } catch {
    // A damaged marker says nothing; the arrangement is checked and the marker written anew.
    return undefined;
  }
}

/** Writes a small file whole or not at all. Concurrent writers of the same content do no harm. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${ownerName(currentOwner())}`;
  writeFileSync(temporary, text, { mode: 0o644, flush: true });
  renameSync(temporary, path);
}

/** As writeWhole, but a file that is there stays. */
function writeNew(path: string, text: string): void {
  const temporary = `${path}.${ownerName(currentOwner())}`;
  writeFileSync(temporary, text, { mode: 0o644, flush: true });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  rmSync(temporary);
}

/** Removes what processes that died in makeRoot left of the files above. */
function sweepUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    const owner = ownerFromName(name.replace(/^[a-z-]+(?:\.json)?\./, ""));
    if (owner !== undefined && livenessOf(owner) === "dead")
      rmSync(join(directory, name), { force: true });
  }
}

const layoutMark = '{"imageLayoutVersion":"1.0.0"}\n';

/** Writes `oci-layout`, unless it is there and as it should be. */
export function markLayout(paths: RootPaths): void {
  const path = join(paths.layout, "oci-layout");
  let text: string | undefined;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  if (text !== layoutMark) writeWhole(path, layoutMark);
}

/** An index.json with the given images, and fields of other tools. */
export function indexText(fields: object, manifests: readonly unknown[]): string {
  const value = { ...fields, schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return `${JSON.stringify(value, undefined, 1)}\n`;
}

/**
 * Image trees below hold set-uid programs, and whoever can write there decides what is built: no other user may reach them. A mode that
 * lets others in is taken back, as it was hardly meant (a copy, a umask, a chmod -R); an owner is not ours to change.
 */
function keepPrivate(root: string, warn: (message: string) => void): void {
  const { uid, mode } = statSync(root);
  const user = process.geteuid?.() ?? uid;
  if (uid !== user)
    throw new TsbuildError("STORE_ROOT", `${root} belongs to user ${uid}, not to ${user}`, {
      hint: "give the store to this user (chown -R), or name another directory with TSBUILD_ROOT",
      details: { path: root, uid },
    });
  if ((mode & 0o077) === 0) return;
  chmodSync(root, 0o700);
  warn(
    `the store ${root} was open to other users (mode ${(mode & 0o777).toString(8)}) and is so no longer`,
  );
}

function makeRoot(paths: RootPaths): void {
  const { root } = paths;
  const made = makeDirectories(root, 0o700);
  if (made === undefined) {
    const foreign = readdirSync(root).find((n) => !known.has(n) && !n.startsWith("store.json."));
    if (foreign !== undefined)
      throw new TsbuildError(
        "STORE_ROOT",
        `${root} is not a tsbuild store, and not empty (it has ${JSON.stringify(foreign)})`,
        {
          hint: "name a directory of its own for the store, with TSBUILD_ROOT",
          details: { path: root },
        },
      );
    if ((statSync(root).mode & 0o1000) !== 0)
      throw new TsbuildError("STORE_ROOT", `${root} is a shared directory`, {
        hint: "name a directory of its own for the store, with TSBUILD_ROOT",
        details: { path: root },
      });
  }
  keepPrivate(root, () => undefined);
  for (const directory of [join(paths.blobs, "sha256"), paths.meta, paths.tmp])
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const directory of [root, paths.layout]) sweepUnfinished(directory);
  markLayout(paths);
  writeNew(paths.index, indexText({}, []));
  writeWhole(join(root, "store.json"), `${JSON.stringify({ version: storeVersion })}\n`);
}

/**
 * Checks the root, and makes what is missing. One file is read when all is well.
 * @throws STORE_ROOT, STORE_VERSION
 */
export function openRoot(root: string, warn: (message: string) => void): RootPaths {
  const paths = rootPaths(root);
  try {
    const version = readVersion(join(root, "store.json"));
    if (version !== undefined && version > storeVersion)
      throw new TsbuildError(
        "STORE_VERSION",
        `the store ${root} has version ${version}, and this tsbuild knows up to ${storeVersion}`,
        {
          hint: "use a newer tsbuild, or another directory with TSBUILD_ROOT",
          details: { version },
        },
      );
    if (version === undefined) makeRoot(paths);
    else keepPrivate(root, warn);
    return paths;
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "EEXIST")
      throw new TsbuildError("STORE_ROOT", `${root} is not a directory`, { cause: error });
    throw storeError(error, "open the store", root);
  }
}
