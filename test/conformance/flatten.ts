// SPDX-License-Identifier: Apache-2.0
// An image of an OCI layout as one file system: its layers laid over each other. Written for comparison, and independent of
// the builder's own code for layers.

import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";

/** A file of an image. Names of one hard-link group share one object. */
export interface FlatEntry {
  readonly type: "file" | "dir" | "symlink" | "fifo" | "char" | "block";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds. */
  readonly mtime: number;
  readonly size: number;
  /** Symbolic links. */
  readonly target?: string;
  /** Regular files: hex sha256, and the text when it is short and printable. */
  readonly sha256?: string;
  readonly text?: string;
  readonly device?: string;
  /** Name to hexadecimal value. */
  readonly xattrs: Readonly<Record<string, string>>;
}

/** Path without leading slash to entry. */
export type FlatTree = ReadonlyMap<string, FlatEntry>;

export interface FlatImage {
  readonly tree: FlatTree;
  readonly diffIds: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly author?: string;
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
}

/** Reads the only image of a layout. */
export async function flattenLayout(layout: string): Promise<FlatImage> {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(layout, name), "utf8"));
  const blob = (digest: string): string => join("blobs", digest.replace(":", "/"));
  const index = json("index.json") as { manifests: Descriptor[] };
  const [first, second] = index.manifests;
  if (first === undefined || second !== undefined)
    throw new Error(`${layout} holds ${index.manifests.length} manifests, not one`);
  const manifest = json(blob(first.digest)) as {
    config: Descriptor;
    layers: Descriptor[] | null;
  };
  const config = json(blob(manifest.config.digest)) as {
    config?: Record<string, unknown>;
    author?: string;
    rootfs: { diff_ids: string[] | null };
    history?: FlatImage["history"];
  };
  const tree = new Map<string, FlatEntry>();
  for (const { digest, mediaType } of manifest.layers ?? []) {
    const layer =
      layers.get(digest) ?? readLayer(join(layout, blob(digest)), mediaType.endsWith("+gzip"));
    layers.set(digest, layer);
    applyLayer(tree, await layer);
  }
  return {
    tree,
    diffIds: config.rootfs.diff_ids ?? [],
    config: config.config ?? {},
    ...(config.author === undefined ? {} : { author: config.author }),
    history: config.history ?? [],
  };
}

/** What one layer says: entries, names that it removes, directories that it empties. */
interface Layer {
  readonly own: ReadonlyMap<string, FlatEntry>;
  /** Names of links to files of lower layers, with their targets. */
  readonly outer: readonly (readonly [name: string, target: string])[];
  readonly removed: readonly string[];
  readonly emptied: readonly string[];
}

/** Layers by digest: every case has the layers of its base again. */
const layers = new Map<string, Promise<Layer>>();

async function readLayer(path: string, gzip: boolean): Promise<Layer> {
  const own = new Map<string, FlatEntry>();
  const outer: [name: string, target: string][] = [];
  const removed: string[] = [];
  const emptied: string[] = [];
  const archive = extract();
  const bytes = createReadStream(path);
  const source = gzip ? bytes.pipe(createGunzip()) : bytes;
  source.on("error", (error: Error) => {
    archive.destroy(error);
  });
  source.pipe(archive);
  for await (const member of archive) {
    const name = cleanName(member.header.name);
    const at = name.lastIndexOf("/") + 1;
    const [parent, base] = [name.slice(0, Math.max(at - 1, 0)), name.slice(at)];
    const chunks: Buffer[] = [];
    for await (const chunk of member) chunks.push(chunk as Buffer);
    if (base === ".wh..wh..opq") emptied.push(parent);
    else if (base.startsWith(".wh.")) removed.push(name.slice(0, at) + base.slice(4));
    else if (member.header.type === "link") {
      const linked = cleanName(member.header.linkname);
      const target = own.get(linked);
      if (target === undefined) outer.push([name, linked]);
      else own.set(name, target);
    } else if (name !== "") own.set(name, entryOf(member.header, Buffer.concat(chunks)));
  }
  return { own, outer, removed, emptied };
}

function applyLayer(tree: Map<string, FlatEntry>, layer: Layer): void {
  const linked = layer.outer.map(([name, target]) => {
    const entry = tree.get(target);
    if (entry === undefined) throw new Error(`${name} links to ${target}, which is not there`);
    return [name, entry] as const;
  });
  // Whiteouts are about lower layers only, wherever they stand in the archive.
  for (const name of layer.emptied) removeBelow(tree, name);
  for (const name of layer.removed) {
    tree.delete(name);
    removeBelow(tree, name);
  }
  for (const [name, entry] of [...layer.own, ...linked]) {
    if (entry.type !== "dir" && tree.get(name)?.type === "dir") removeBelow(tree, name);
    tree.set(name, entry);
  }
}

function cleanName(name: string): string {
  return name
    .replace(/^(?:\.?\/)+/, "")
    .replace(/\/+$/, "")
    .replace(/^\.$/, "");
}

function removeBelow(tree: Map<string, FlatEntry>, directory: string): void {
  for (const name of [...tree.keys()])
    if (directory === "" || name.startsWith(`${directory}/`)) tree.delete(name);
}

function entryOf(header: Header, content: Buffer): FlatEntry {
  const type = typeOf(header.type);
  const text = content.toString("utf8");
  const shown = content.length <= 100 && Buffer.from(text).equals(content) && !text.includes("\0");
  return {
    type,
    mode: header.mode & 0o7777,
    uid: header.uid,
    gid: header.gid,
    mtime: Math.floor(header.mtime.getTime() / 1000),
    size: content.length,
    ...(type === "symlink" ? { target: header.linkname } : {}),
    ...(type === "file" ? { sha256: createHash("sha256").update(content).digest("hex") } : {}),
    ...(type === "file" && shown ? { text } : {}),
    ...(type === "char" || type === "block"
      ? { device: `${header.devmajor}:${header.devminor}` }
      : {}),
    xattrs: xattrsOf((header.pax ?? {}) as Record<string, string>),
  };
}

function typeOf(type: Header["type"]): FlatEntry["type"] {
  switch (type) {
    case "directory":
      return "dir";
    case "symlink":
    case "fifo":
    case "file":
      return type;
    case "contiguous-file":
      return "file";
    case "character-device":
      return "char";
    case "block-device":
      return "block";
    default:
      throw new Error(`a layer has a member of type ${type}`);
  }
}

const xattrPrefix = "SCHILY.xattr.";

function xattrsOf(pax: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pax)
      .filter(([key]) => key.startsWith(xattrPrefix))
      .map(([key, value]) => [key.slice(xattrPrefix.length), Buffer.from(value).toString("hex")]),
  );
}
