// SPDX-License-Identifier: Apache-2.0
// Layers in tests: a directory's diff as bytes, and tars put into layer directories.

import { createHash } from "node:crypto";
import { readArchive, readLayer } from "#src/layer/index.js";
import { asDiffId, digestFromHex } from "#src/oci/index.js";
import {
  hashSize,
  type ApplyResult,
  type LayerDirId,
  type Root,
  type TreeEntry,
} from "#src/sandbox/index.js";
import type { SandboxFixture } from "./sandbox.js";
import { inPieces } from "./tar-builder.js";

const signal = new AbortController().signal;

export const id = (name: string): LayerDirId => name as LayerDirId;

/** A read-only stack, bottom first. */
export function stack(...lowers: readonly string[]): Root {
  return { kind: "stack", lowers: lowers.map(id) };
}

/** A stack with an upper. */
export function writable(upper: string, ...lowers: readonly string[]): Root {
  return { kind: "stack", lowers: lowers.map(id), upper: id(upper) };
}

/** The tar of an upper against its lowers, or of a whole tree. */
export async function diffOf(
  box: SandboxFixture,
  root: Root,
  mode: "layer" | "tree" = "layer",
  clampTime?: number,
): Promise<Buffer> {
  const { stream, done } = box.sandbox.diff(
    { root, mode, ...(clampTime === undefined ? {} : { clampTime }) },
    signal,
  );
  const parts: Buffer[] = [];
  for await (const chunk of stream) parts.push(chunk as Buffer);
  await done;
  return Buffer.concat(parts);
}

/** Unpacks a tar as a layer into a directory of its own. */
export async function applyLayer(
  box: SandboxFixture,
  dir: string,
  tar: Buffer,
  below?: Root,
): Promise<ApplyResult> {
  const diffId = asDiffId(digestFromHex(createHash("sha256").update(tar).digest("hex")));
  return box.sandbox.apply(
    {
      root: writable(dir),
      path: "",
      mode: "layer",
      owner: { kind: "keep" },
      madeTime: 0,
      ...(below === undefined ? {} : { below }),
    },
    readLayer(inPieces(tar), { diffId }),
    signal,
  );
}

/** Unpacks a tar as ADD does. */
export async function extract(
  box: SandboxFixture,
  root: Root,
  path: string,
  tar: Buffer,
): Promise<void> {
  await box.sandbox.apply(
    { root, path, mode: "archive", owner: { kind: "keep" }, madeTime: 0 },
    readArchive(inPieces(tar)),
    signal,
  );
}

/** What tells two trees apart that should be the same: everything but inodes, devices and change times. */
export type PlainEntry = Omit<TreeEntry, "state" | "hasState" | "changedAt"> & {
  readonly hash: string;
};

/** A whole tree, with digests of its files, and for hard links the first path of their file. */
export async function treeOf(box: SandboxFixture, root: Root): Promise<PlainEntry[]> {
  await using reader = await box.sandbox.openTree(root, signal);
  const entries = (await reader.list("")) ?? [];
  const files = entries.filter(({ type }) => type === "file").map(({ path }) => path);
  const hashes = await reader.hash(files);
  const hashOf = new Map(
    files.map((path, i) => [path, hashes.toString("hex", i * hashSize, (i + 1) * hashSize)]),
  );
  const first = new Map<string, string>();
  return entries.map((found) => {
    const { path, type, mode, uid, gid, size, mtimeNs, nlink, rdevMajor, rdevMinor, link, xattrs } =
      found;
    const plain = { path, type, mode, uid, gid, size, mtimeNs, nlink, rdevMajor, rdevMinor, link };
    const entry = { ...plain, xattrs };
    // Names of one inode have one state.
    const known = type === "file" && nlink > 1 ? first.get(found.state) : undefined;
    if (known === undefined) first.set(found.state, path);
    return { ...entry, hash: known === undefined ? (hashOf.get(entry.path) ?? "") : `= ${known}` };
  });
}

/** Entries of a tar: its paths with what they are, in order. */
export async function listTar(tar: Buffer): Promise<string[]> {
  const lines: string[] = [];
  for await (const { type, path, link } of readArchive(inPieces(tar)))
    lines.push(`${type} ${path}${link === "" ? "" : ` -> ${link}`}`);
  return lines;
}
