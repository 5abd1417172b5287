// SPDX-License-Identifier: Apache-2.0
// Directory trees as data: made from a spec, read back for comparison. For tests' own directories only.

import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";

/** What one path is. A bare string is a file of mode 0644 with that text. */
export type TreeNode =
  | string
  | ({ readonly file: string | Uint8Array } & Metadata)
  | ({ readonly dir: true } & Metadata)
  | ({ readonly symlink: string } & Omit<Metadata, "mode">)
  /** Another path of the same spec, named before. */
  | { readonly hardlink: string }
  | ({ readonly fifo: true } & Metadata);

export interface Metadata {
  readonly mode?: number;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Path to node; parents are made as needed. */
export type TreeSpec = Readonly<Record<string, TreeNode>>;

/** Makes the tree below a directory. Directories get their mode and time last, deepest first. */
export function makeTree(root: string, spec: TreeSpec): void {
  mkdirSync(root, { recursive: true });
  const late: [path: string, metadata: Metadata][] = [];
  for (const [name, node] of Object.entries(spec)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof node === "string") {
      writeFileSync(path, node);
      chmodSync(path, 0o644);
    } else if ("file" in node) {
      writeFileSync(path, node.file);
      finish(path, { mode: 0o644, ...node });
    } else if ("dir" in node) {
      mkdirSync(path, { recursive: true });
      late.push([path, { mode: 0o755, ...node }]);
    } else if ("symlink" in node) {
      symlinkSync(node.symlink, path);
      finish(path, node);
    } else if ("hardlink" in node) {
      linkSync(join(root, node.hardlink), path);
    } else {
      execFileSync("mkfifo", [path]);
      finish(path, { mode: 0o644, ...node });
    }
  }
  late.sort(([a], [b]) => (a < b ? 1 : -1));
  for (const [path, metadata] of late) finish(path, metadata);
}

/** Owner before mode (a change of owner clears setuid), times last. */
function finish(path: string, { uid, gid, mode, mtime }: Metadata): void {
  if (uid !== undefined || gid !== undefined) lchownSync(path, uid ?? 0, gid ?? 0);
  if (mode !== undefined) chmodSync(path, mode);
  if (mtime !== undefined) lutimesSync(path, mtime, mtime);
}

/** What {@link readTree} says of one path. */
export interface TreeEntry {
  readonly type: "file" | "dir" | "symlink" | "fifo" | "socket" | "char" | "block";
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Text of a file, target of a symlink. Bytes that are not UTF-8 show as hexadecimal. */
  readonly content?: string;
  /** The first path, in order, of the same file, when there is an earlier one. */
  readonly linkOf?: string;
}

/** Everything below a directory, by path, in byte order. Times are left out: tests that mean them ask for them. */
export function readTree(root: string): Record<string, TreeEntry> {
  const found: Record<string, TreeEntry> = {};
  const first = new Map<string, string>();
  const visit = (name: string): void => {
    const path = join(root, name);
    const info = lstatSync(path);
    const key = `${info.dev}:${info.ino}`;
    const linkOf = info.isDirectory() ? undefined : first.get(key);
    first.set(key, linkOf ?? name);
    const content = info.isFile()
      ? textOf(readFileSync(path))
      : info.isSymbolicLink()
        ? readlinkSync(path)
        : undefined;
    if (name !== "")
      found[name] = {
        type: typeOf(info),
        mode: (info.mode & 0o7777).toString(8),
        uid: info.uid,
        gid: info.gid,
        ...(content === undefined ? {} : { content }),
        ...(linkOf === undefined ? {} : { linkOf }),
      };
    if (!info.isDirectory()) return;
    const names = readdirSync(path).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const child of names) visit(name === "" ? child : `${name}/${child}`);
  };
  visit("");
  return found;
}

function typeOf(info: ReturnType<typeof lstatSync>): TreeEntry["type"] {
  if (info === undefined) throw new Error("no such entry");
  if (info.isFile()) return "file";
  if (info.isDirectory()) return "dir";
  if (info.isSymbolicLink()) return "symlink";
  if (info.isFIFO()) return "fifo";
  if (info.isSocket()) return "socket";
  return info.isBlockDevice() ? "block" : "char";
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : `hex:${bytes.toString("hex")}`;
}
