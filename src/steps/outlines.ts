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
/** Characters of a directory's text that are digested together. */
const hashedAtOnce = 1 << 16;

function parentOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

/**
 * Makes the outline of entries that come one after the other, those of a directory together where possible. Directories are digested
 * on the way, from the text that is digested for all; single files are listed afterwards, and only when there are few.
 */
export class OutlineMaker {
  readonly #digests = new Map<string, string>([["", ""]]);
  #count = 0;
  #directory = "";
  #text = "";

  /** Takes an entry; `text` is all that tells it from others, its name included. */
  add(path: string, text: string): void {
    const directory = parentOf(path);
    if (directory !== this.#directory || this.#text.length > hashedAtOnce) {
      this.#put(this.#directory, this.#text);
      this.#directory = directory;
      this.#text = "";
    }
    this.#text += text;
    this.#count++;
  }

  /** The outline of all that were taken; `list` gives them again. */
  outline(list: () => Iterable<OutlineEntry>): Outline {
    const byDepth = [...this.#finish()].sort(([a], [b]) => depthOf(a) - depthOf(b));
    let kept = byDepth;
    if (byDepth.length > mostDirs) {
      // Whole levels: what is missing in one outline only would look like a change.
      const tooDeep = depthOf(byDepth[mostDirs]?.[0] ?? "");
      kept = byDepth.filter(([dir]) => depthOf(dir) < Math.max(tooDeep, 1));
    }
    return {
      ...(this.#count > mostFiles ? {} : { files: Object.fromEntries(linesOf(list())) }),
      dirs: Object.fromEntries(kept),
      allDirs: kept.length === byDepth.length,
    };
  }

  /** Digests by directory, each over what is in it and the digests of those below. */
  #finish(): Map<string, string> {
    this.#put(this.#directory, this.#text);
    this.#text = "";
    // A directory comes after everything below it.
    const deepestFirst = [...this.#digests.keys()].sort((a, b) => depthOf(b) - depthOf(a));
    for (const dir of deepestFirst)
      if (dir !== "") this.#put(parentOf(dir), `${dir}\0${this.#digests.get(dir) ?? ""}\n`);
    return this.#digests;
  }

  #put(directory: string, text: string): void {
    for (let at = directory; !this.#digests.has(at); at = parentOf(at)) this.#digests.set(at, "");
    const before = this.#digests.get(directory) ?? "";
    this.#digests.set(directory, hash("sha256", before + text).slice(0, digestLength));
  }
}

function depthOf(path: string): number {
  return path === "" ? 0 : path.split("/").length;
}

function* linesOf(entries: Iterable<OutlineEntry>): Generator<[path: string, line: string]> {
  for (const { path, kind, content } of entries)
    yield [path, `${kind} ${content.slice(0, digestLength)}`];
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

/** The outlines of a store. What is noted is put together when it is asked for. */
export class Outlines {
  readonly #table: Table<Outline>;
  readonly #noted = new Map<string, Outline | (() => Outline)>();

  constructor(store: Store) {
    this.#table = store.table<Outline>(outlineTable);
  }

  /** A digest that was just made, and how to tell what it was made of. */
  note(digest: string, make: () => Outline): void {
    this.#noted.set(digest, make);
  }

  /** Remembers what was noted of a digest, for other builds. */
  async keep(digest: string): Promise<void> {
    if (!this.#noted.has(digest) || this.#table.get(digest) !== undefined) return;
    const outline = this.get(digest);
    if (outline !== undefined) await this.#table.put(digest, outline);
  }

  get(digest: string): Outline | undefined {
    const noted = this.#noted.get(digest);
    if (noted === undefined) return this.#table.get(digest);
    const outline = typeof noted === "function" ? noted() : noted;
    this.#noted.set(digest, outline);
    return outline;
  }

  /** Lines on how the files of two digests differ; none when too little is known. */
  compare(before: string, now: string): readonly string[] {
    const [old, fresh] = [this.get(before), this.get(now)];
    return old === undefined || fresh === undefined ? [] : compareOutlines(old, fresh);
  }
}
