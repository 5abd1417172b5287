// SPDX-License-Identifier: Apache-2.0
// What a digest of files was made of, kept small enough to be remembered for each step, so that a later miss can name the file.
// Up to a limit every file has its line; above it only directories have digests, and only down to some depth.

import { hash } from "node:crypto";
import type { Store, Table } from "../store/index.js";

/** One file or directory: what it is (type, mode, owner ...) and what is in it. */
export interface OutlineEntry {
  readonly path: string;
  readonly kind: string;
  readonly content: string;
}

/** What is remembered. */
export interface Outline {
  /** Path to `kind`, a space and `content`; absent when there were too many. */
  readonly files?: Readonly<Record<string, string>>;
  /** Digests of directories with all that is below them; "" is everything. */
  readonly dirs: Readonly<Record<string, string>>;
  /** All directories are listed; otherwise those that are not too deep. */
  readonly allDirs: boolean;
}

/** The name of the table of outlines, by digest. */
export const outlineTable = "file-outlines";

const mostFiles = 2000;
const mostDirs = 2000;
/** Enough to tell two contents of one file apart. */
const digestLength = 12;

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

/** Digests of directories, each over its children's names and digests, in whatever order these come. */
class DirectoryTotals {
  readonly #totals = new Map<string, number>([["", 0]]);

  add({ path, kind, content }: OutlineEntry): void {
    this.#count(parentOf(path), `${path}\0${kind} ${content}`);
  }

  /** Hex digits by directory. */
  digests(): Map<string, string> {
    const digests = new Map<string, string>();
    // A directory comes after everything below it.
    const deepestFirst = [...this.#totals.keys()].sort((a, b) => depthOf(b) - depthOf(a));
    for (const dir of deepestFirst) {
      const digest = (this.#totals.get(dir) ?? 0).toString(16).padStart(digestLength, "0");
      digests.set(dir, digest);
      if (dir !== "") this.#count(parentOf(dir), `${dir}\0/ ${digest}`);
    }
    return digests;
  }

  /** Sums do not depend on the order. */
  #count(dir: string, line: string): void {
    for (let at = dir; !this.#totals.has(at); at = parentOf(at)) this.#totals.set(at, 0);
    const number = Number.parseInt(hash("sha256", line).slice(0, digestLength), 16);
    this.#totals.set(dir, ((this.#totals.get(dir) ?? 0) + number) % 16 ** digestLength);
  }
}

function depthOf(path: string): number {
  return path === "" ? 0 : path.split("/").length;
}

/** The outline of entries, whose paths are unique. */
export function outlineOf(entries: Iterable<OutlineEntry>): Outline {
  const totals = new DirectoryTotals();
  const files = new Map<string, string>();
  let count = 0;
  for (const entry of entries) {
    totals.add(entry);
    if (++count <= mostFiles)
      files.set(entry.path, `${entry.kind} ${entry.content.slice(0, digestLength)}`);
  }
  const byDepth = [...totals.digests()].sort(([a], [b]) => depthOf(a) - depthOf(b));
  let kept = byDepth;
  if (byDepth.length > mostDirs) {
    // Whole levels: what is missing in one outline only would look like a change.
    const tooDeep = depthOf(byDepth[mostDirs]?.[0] ?? "");
    kept = byDepth.filter(([dir]) => depthOf(dir) < Math.max(tooDeep, 1));
  }
  return {
    ...(count > mostFiles ? {} : { files: Object.fromEntries(files) }),
    dirs: Object.fromEntries(kept),
    allDirs: kept.length === byDepth.length,
  };
}

/** Lines told of one comparison; the rest is counted. */
const mostLines = 20;

/** How two outlines differ, in lines. */
export function compareOutlines(before: Outline, now: Outline): readonly string[] {
  const lines =
    before.files === undefined || now.files === undefined
      ? compareDirs(before, now)
      : compareFiles(before.files, now.files);
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more`];
}

function compareFiles(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return paths.flatMap((path): string[] => {
    const [old, fresh] = [before[path], now[path]];
    if (old === fresh) return [];
    const name = path === "" ? "the source itself" : path;
    if (old === undefined) return [`added ${name}`];
    if (fresh === undefined) return [`removed ${name}`];
    const [oldKind, oldContent] = split(old);
    const [kind, content] = split(fresh);
    return [
      ...(oldKind === kind ? [] : [`changed ${name}: ${oldKind} is now ${kind}`]),
      ...(oldContent === content ? [] : [`changed ${name}: other content`]),
    ];
  });
}

function split(line: string): readonly [kind: string, content: string] {
  const at = line.lastIndexOf(" ");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** The deepest directories that differ. */
function compareDirs(before: Outline, now: Outline): string[] {
  const dirs = [...new Set([...Object.keys(before.dirs), ...Object.keys(now.dirs)])].sort();
  const comparable = dirs.filter(
    (dir) => (before.allDirs || dir in before.dirs) && (now.allDirs || dir in now.dirs),
  );
  const differing = comparable.filter((dir) => before.dirs[dir] !== now.dirs[dir]);
  const explained = new Set(differing.filter((dir) => dir !== "").map(parentOf));
  const lines = differing.flatMap((dir): string[] => {
    if (!(dir in before.dirs)) return explained.has(dir) ? [] : [`added ${dir}/`];
    if (!(dir in now.dirs)) return explained.has(dir) ? [] : [`removed ${dir}/`];
    return explained.has(dir) ? [] : [`changed in ${dir === "" ? "the source" : `${dir}/`}`];
  });
  return lines.length === 0
    ? []
    : [...lines, `(names of single files are remembered for up to ${mostFiles} files)`];
}

/** The outlines of a store. What is noted costs nothing until it is asked for. */
export class Outlines {
  readonly #table: Table<Outline>;
  readonly #noted = new Map<string, () => Iterable<OutlineEntry>>();

  constructor(store: Store) {
    this.#table = store.table<Outline>(outlineTable);
  }

  /** A digest that was just made, and how to list what it was made of. */
  note(digest: string, list: () => Iterable<OutlineEntry>): void {
    this.#noted.set(digest, list);
  }

  /** Remembers what was noted of a digest, for other builds. */
  async keep(digest: string): Promise<void> {
    const list = this.#noted.get(digest);
    if (list !== undefined && this.#table.get(digest) === undefined)
      await this.#table.put(digest, outlineOf(list()));
  }

  get(digest: string): Outline | undefined {
    const list = this.#noted.get(digest);
    return list === undefined ? this.#table.get(digest) : outlineOf(list());
  }

  /** Lines on how the files of two digests differ; none when too little is known. */
  compare(before: string, now: string): readonly string[] {
    const [old, fresh] = [this.get(before), this.get(now)];
    return old === undefined || fresh === undefined ? [] : compareOutlines(old, fresh);
  }
}
