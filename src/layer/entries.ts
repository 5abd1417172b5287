// SPDX-License-Identifier: Apache-2.0
// From the entries of a tar to entries that the helper may be given: names cleaned, types and numbers checked, attributes
// filtered, deletion marks understood (in layers only).

import { TsbuildError } from "../base/index.js";
import { cleanName, decodedName, refused } from "./names.js";
import { readTar, type TarEntry } from "./tar/read.js";
import type { LayerEntry, LayerLimits } from "./types.js";
import { markOf, WHITEOUT_PREFIX } from "./whiteouts.js";

const types: Readonly<Record<string, LayerEntry["type"]>> = {
  file: "file",
  "contiguous-file": "file",
  link: "hardlink",
  symlink: "symlink",
  "character-device": "char",
  "block-device": "block",
  directory: "dir",
  fifo: "fifo",
};

const XATTR_KEY = "SCHILY.xattr.";
const MAX_XATTR = 64 * 1024;
const MAX_ID = 2 ** 32 - 2;
/** Kernel device numbers: 12 and 20 bits. */
const MAX_MAJOR = 2 ** 12 - 1;
const MAX_MINOR = 2 ** 20 - 1;
const MAX_LINK = 4095;

/** Where drivers and tsbuild keep marks of their own. */
const ownXattrs = ["user.overlay.", "user.fuseoverlayfs.", "user.tsbuild."];

/** Attributes that an image may bring; the helper has the same list and refuses others. */
function isAllowedXattr(name: string): boolean {
  if (name === "security.capability") return true;
  return (
    /^user\../s.test(name) &&
    name.length <= 255 &&
    !/[\0=]/.test(name) &&
    !ownXattrs.some((prefix) => name.startsWith(prefix))
  );
}

function xattrsOf(entry: TarEntry): LayerEntry["xattrs"] {
  const xattrs: (readonly [string, Uint8Array])[] = [];
  for (const [key, value] of Object.entries(entry.records)) {
    if (!key.startsWith(XATTR_KEY)) continue;
    const name = key.slice(XATTR_KEY.length);
    if (!isAllowedXattr(name)) continue;
    if (value.length > MAX_XATTR) throw refused(entry.name, `its attribute ${name} is too long`);
    xattrs.push([decodedName(name), Buffer.from(value, "latin1")]);
  }
  return xattrs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function typeOf(entry: TarEntry): LayerEntry["type"] {
  const type = Object.hasOwn(types, entry.type) ? types[entry.type] : undefined;
  if (type === undefined) throw refused(entry.name, "its type is not supported");
  if (type === "char" && entry.devMajor === 0 && entry.devMinor === 0)
    throw refused(entry.name, "a character device 0:0 means a deletion to overlayfs");
  if (entry.devMajor > MAX_MAJOR || entry.devMinor > MAX_MINOR)
    throw refused(entry.name, "its device number is out of range");
  return type;
}

function linkOf(entry: TarEntry, type: LayerEntry["type"], limits: LayerLimits): string {
  if (type === "hardlink") {
    const target = cleanName(entry.link, limits);
    if (target === "") throw refused(entry.name, "it is a hard link to the top directory");
    return decodedName(target);
  }
  if (type !== "symlink") return "";
  if (entry.link === "" || entry.link.includes("\0") || entry.link.length > MAX_LINK)
    throw refused(entry.name, "it is a symlink without a usable target");
  return decodedName(entry.link);
}

function checkedId(entry: TarEntry, id: number): number {
  if (id < 0 || id > MAX_ID) throw refused(entry.name, "its owner is out of range");
  return id;
}

const bare = {
  link: "",
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: [],
} as const;

function toLayerEntry(entry: TarEntry, path: string, limits: LayerLimits): LayerEntry {
  const type = typeOf(entry);
  if (path === "" && type !== "dir")
    throw refused(entry.name, "the top of an archive is a directory");
  const size = type === "file" ? entry.size : 0;
  return {
    type,
    path: decodedName(path),
    link: linkOf(entry, type, limits),
    mode: entry.mode & 0o7777,
    uid: checkedId(entry, entry.uid),
    gid: checkedId(entry, entry.gid),
    mtime: Number.isSafeInteger(entry.mtime) ? entry.mtime : 0,
    size,
    devMajor: type === "char" || type === "block" ? entry.devMajor : 0,
    devMinor: type === "char" || type === "block" ? entry.devMinor : 0,
    xattrs: type === "file" || type === "dir" ? xattrsOf(entry) : [],
    ...(size > 0 ? { content: entry.content } : {}),
  };
}

/** The entry that a mark stands for; undefined: nothing to do. */
function marked(entry: TarEntry, path: string): LayerEntry | "plain" | undefined {
  const mark = markOf(path, entry.type);
  switch (mark.kind) {
    case "none":
      return "plain";
    case "ignored":
      return undefined;
    case "whiteout":
    case "opaque":
      return { ...bare, type: mark.kind, path: decodedName(mark.path) };
  }
}

/** Reads a decompressed tar as a layer (with deletion marks) or as an archive (where `.wh.` names are ordinary). */
export async function* readEntries(
  tar: AsyncIterable<Uint8Array>,
  form: "layer" | "archive",
  limits: LayerLimits,
): AsyncGenerator<LayerEntry, void, undefined> {
  let bytes = 0;
  for await (const entry of readTar(tar, limits)) {
    const path = cleanName(entry.name, limits, form === "layer" ? WHITEOUT_PREFIX : "");
    const special = form === "layer" ? marked(entry, path) : "plain";
    if (special === undefined) continue;
    // Some tools begin an archive with a file without a name. Unpackers say that it is the directory, which exists.
    if (form === "archive" && entry.name === "" && typeOf(entry) === "file") continue;
    const result = special === "plain" ? toLayerEntry(entry, path, limits) : special;
    bytes += result.size;
    if (bytes > limits.bytes)
      throw new TsbuildError(
        "LAYER_LIMIT",
        `the files of the archive have more than ${limits.bytes} bytes`,
      );
    yield result;
  }
}
