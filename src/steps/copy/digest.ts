// SPDX-License-Identifier: Apache-2.0
// The content digest of what a COPY would write: names below the destination, types, modes, owners where they are
// kept, links, xattrs and bytes. Times are not in it: touching a file changes nothing.

import { createHash } from "node:crypto";
import { hashSize, type TreeEntry } from "../../sandbox/index.js";
import type { FileHasher, HashedFile } from "../file-hasher.js";
import { OutlineMaker, type OutlineEntry, type Outlines } from "../outlines.js";
import type { PlannedEntry } from "./operations.js";

/** What a digest is about besides names and bytes. */
export interface DigestOptions {
  readonly keepOwners: boolean;
  /** Files that the source names itself are unpacked when they are archives, those in a directory that it names are not. */
  readonly unpacks: boolean;
}

/** Characters of text that are hashed together. */
const hashedAtOnce = 1 << 16;

/**
 * Hex sha256 over the planned entries in order. `hasher` reads (or remembers) the digests of regular files. What the digest
 * was made of is noted in `outlines`. `plan` gives the entries anew each time: there may be very many.
 */
export async function digestEntries(
  plan: () => Iterable<PlannedEntry>,
  hasher: FileHasher,
  { keepOwners, unpacks }: DigestOptions,
  outlines: Outlines,
): Promise<string> {
  const hashes = await hasher.hash(filesOf(plan()));
  const nextHash = hexDigests(hashes);
  const hash = createHash("sha256");
  const maker = new OutlineMaker();
  // A call of the hash for each word takes longer than the hashing.
  let text = "";
  for (const { op, source } of plan()) {
    if (op.op === "target") text += `target\0${op.path}\0${op.as}\0${op.name}\0${op.parentMode}\n`;
    if (op.op !== "entry") continue;
    let line = `entry\0${op.to}\0${op.mode ?? ""}\0`;
    if (source !== undefined) {
      if (unpacks) line += op.follow ? "named\0" : "below\0";
      line += describe(source, keepOwners);
      if (source.type === "file") line += nextHash();
    }
    line += "\n";
    maker.add(op.from, line);
    text += line;
    if (text.length < hashedAtOnce) continue;
    hash.update(text);
    text = "";
  }
  const digest = hash.update(text).digest("hex");
  outlines.note(digest, () => maker.outline(() => listEntries(plan(), hashes, keepOwners)));
  return digest;
}

function* filesOf(plan: Iterable<PlannedEntry>): Generator<HashedFile, void, undefined> {
  for (const { op, source } of plan)
    if (op.op === "entry" && source?.type === "file") yield { path: op.from, entry: source };
}

/** Gives digests one after the other, in hex. */
function hexDigests(digests: Buffer): () => string {
  let at = 0;
  return () => digests.toString("hex", at, (at += hashSize));
}

/** What a reader of an explanation is told of each entry: type and mode, its owner where it counts, link, xattrs. */
function* listEntries(
  plan: Iterable<PlannedEntry>,
  hashes: Buffer,
  keepOwners: boolean,
): Generator<OutlineEntry, void, undefined> {
  const nextHash = hexDigests(hashes);
  for (const { op, source } of plan) {
    if (op.op !== "entry") continue;
    if (source === undefined) {
      yield { path: op.from, kind: "parent directory", content: "" };
      continue;
    }
    const mode = (op.mode ?? source.mode).toString(8).padStart(4, "0");
    const owner = keepOwners ? ` owned by ${source.uid}:${source.gid}` : "";
    const xattrs = source.xattrs.map(([name, hex]) => ` ${name}=${hex}`).join("");
    const link = source.type === "symlink" ? ` to ${source.link}` : ` ${mode}`;
    const content = source.type === "file" ? nextHash() : "";
    yield { path: op.from, kind: `${source.type}${link}${owner}${xattrs}`, content };
  }
}

function describe(entry: TreeEntry, keepOwners: boolean): string {
  const { type, mode, link, xattrs } = entry;
  const owner = keepOwners ? `${entry.uid}:${entry.gid}` : "";
  const device = type === "char" || type === "block" ? `${entry.rdevMajor}:${entry.rdevMinor}` : "";
  const attributes =
    xattrs.length === 0 ? "" : xattrs.map(([name, hex]) => `${name}=${hex}`).join(",");
  return `${type}\0${mode.toString(8)}\0${owner}\0${device}\0${link}\0${attributes}\0`;
}
