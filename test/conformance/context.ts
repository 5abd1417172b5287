// SPDX-License-Identifier: Apache-2.0
// From a case's specs to files on disk: trees with fixed times, archives, extended attributes.

import { execFileSync } from "node:child_process";
import { lutimesSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { pack } from "tar-stream";
import { makeTree, type TreeNode } from "../support/tree.js";
import type { ArchiveMember, ContextSpec } from "./case.js";

/** 2001-09-09: the modification time of whatever says no other. */
export const contextTime = 1_000_000_000;

/** Makes the files of a spec below a directory. As an ordinary user, owners stay the user's: builders ignore them. */
export async function makeContext(root: string, spec: ContextSpec): Promise<void> {
  const nodes: Record<string, TreeNode> = {};
  for (const [name, node] of Object.entries(spec)) {
    for (let parent = dirname(name); parent !== "."; parent = dirname(parent))
      if (!(parent in spec)) nodes[parent] ??= { dir: true };
    if (typeof node === "object" && "archive" in node) {
      const bytes = await makeArchive(node.archive, node.compress);
      nodes[name] = { file: bytes, ...(node.mode === undefined ? {} : { mode: node.mode }) };
    } else nodes[name] = node;
  }
  const isRoot = process.getuid?.() === 0;
  makeTree(root, isRoot ? nodes : mapValues(nodes, withoutOwner));
  for (const [name, node] of Object.entries(spec))
    if (typeof node === "object" && "xattrs" in node)
      for (const [key, value] of Object.entries(node.xattrs))
        execFileSync("setfattr", ["-n", key, "-v", value, join(root, name)]);
  const times = new Map(
    Object.entries(spec).flatMap(([name, node]) =>
      typeof node === "object" && "mtime" in node ? [[name, node.mtime] as const] : [],
    ),
  );
  // BuildKit takes contexts of one name for one and the same, and does not send a file again whose size and time (in
  // nanoseconds) it knows: the fraction keeps cases apart. Layers have whole seconds (and Buildah rounds, so it stays below a half).
  setTimes(root, "", times, (Number(process.hrtime.bigint() % 1_000_000_000n) / 1e9) * 0.4);
}

function mapValues<T, U>(
  from: Readonly<Record<string, T>>,
  map: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(value)]));
}

function withoutOwner(node: TreeNode): TreeNode {
  if (typeof node === "string" || "hardlink" in node) return node;
  const { uid: _uid, gid: _gid, ...rest } = node;
  return rest;
}

/** Children before their directory, which they change. */
function setTimes(
  root: string,
  name: string,
  times: ReadonlyMap<string, number>,
  fraction: number,
): void {
  const path = join(root, name);
  for (const child of readdirSync(path, { withFileTypes: true })) {
    const below = name === "" ? child.name : `${name}/${child.name}`;
    if (child.isDirectory()) setTimes(root, below, times, fraction);
    else setTime(join(root, below), times.get(below), fraction);
  }
  setTime(path, times.get(name), fraction);
}

function setTime(path: string, time = contextTime, fraction: number): void {
  lutimesSync(path, time + fraction, time + fraction);
}

const compressors = {
  gzip: ["gzip", "-nc"],
  bzip2: ["bzip2", "-c"],
  xz: ["xz", "-c"],
  zstd: ["zstd", "-qc"],
} as const;

/** A tar archive, compressed by the distribution's own program. */
export async function makeArchive(
  members: readonly ArchiveMember[],
  compress?: keyof typeof compressors,
): Promise<Buffer> {
  const archive = pack();
  for (const member of members) addMember(archive, member);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const tar = Buffer.concat(chunks);
  if (compress === undefined) return tar;
  const [program, flags] = compressors[compress];
  return execFileSync(program, [flags], { input: tar });
}

function addMember(archive: ReturnType<typeof pack>, member: ArchiveMember): void {
  const type =
    member.symlink !== undefined
      ? "symlink"
      : member.link !== undefined
        ? "link"
        : member.dir === true
          ? "directory"
          : member.fifo === true
            ? "fifo"
            : "file";
  const linkname = member.symlink ?? member.link;
  archive.entry(
    {
      name: member.name,
      type,
      mode: member.mode ?? (type === "directory" ? 0o755 : 0o644),
      uid: member.uid ?? 0,
      gid: member.gid ?? 0,
      mtime: new Date((member.mtime ?? contextTime) * 1000),
      ...(linkname === undefined ? {} : { linkname }),
      ...(member.pax === undefined ? {} : { pax: { ...member.pax } }),
    },
    member.file ?? "",
  );
}
