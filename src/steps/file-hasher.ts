// SPDX-License-Identifier: Apache-2.0
// Digests of a tree's files, remembered by what the file system says about them, so that an unchanged context is
// known by walking it. A file that changed within the clock's grain of being read is never trusted.

import type { TreeEntry, TreeReader } from "../sandbox/index.js";
import type { Table } from "../store/index.js";

/** One directory's files: name -> what the file system said (TreeEntry.state), then the hex sha256. */
export type DirectoryDigests = Readonly<Record<string, string>>;

/** The name of the table of digests, by tree and directory. */
export const fileDigestTable = "file-states";

/** A file of a tree, and what the file system says of it. */
export interface HashedFile {
  readonly path: string;
  readonly entry: TreeEntry;
}

/** Bytes of a digest. */
export const digestLength = 32;

/** Gives the sha256 of files, one after the other in the order asked. There may be very many: they are asked for in groups. */
export interface FileHasher {
  hash(files: Iterable<HashedFile>): Promise<Buffer>;
}

/** Files that are looked at together. */
const groupSize = 8192;

/** A group of files whose digests are asked for. `next`: the file that it ends before. */
interface Asked<T> {
  readonly group: readonly HashedFile[];
  readonly answer: Promise<T>;
  readonly next: HashedFile | undefined;
}

/** Asks for group after group. While one answer is worked on, the next group is being read. */
async function inGroups<T>(
  files: Iterable<HashedFile>,
  ask: (group: readonly HashedFile[]) => Promise<T>,
  take: (answer: T, asked: Asked<T>) => string[] | Promise<string[]>,
): Promise<Buffer> {
  const digests: Buffer[] = [];
  let asked: Asked<T> | undefined;
  let group: HashedFile[] = [];
  const askNext = async (next?: HashedFile): Promise<void> => {
    const before = asked;
    asked = { group, answer: ask(group), next };
    group = [];
    // Should the one before fail, nobody waits for this one.
    asked.answer.catch(() => undefined);
    await takeOne(before);
  };
  const takeOne = async (one: Asked<T> | undefined): Promise<void> => {
    if (one === undefined) return;
    digests.push(Buffer.from((await take(await one.answer, one)).join(""), "hex"));
  };
  for (const file of files) {
    if (group.length === groupSize) await askNext(file);
    group.push(file);
  }
  await askNext();
  await takeOne(asked);
  return Buffer.concat(digests);
}

/** Reads every file: for trees that are read once. */
export function readingHasher(reader: TreeReader): FileHasher {
  return {
    hash: (files) =>
      inGroups(
        files,
        (group) => reader.hash(group.map(({ path }) => path)),
        (hashes) => hashes,
      ),
  };
}

/**
 * The clock of a file system may tick coarsely: what was changed later than this many milliseconds before it was looked at
 * could change again without looking different. (git's racy-clean rule.)
 */
const grain = 2000;

/** Whether an entry that was last changed at a time can be told from a later version of itself, when read at another. */
export function isSettled(changedAt: number, readAt: number): boolean {
  return changedAt + grain <= readAt;
}

/** Hex digits of a digest. */
const hexLength = 2 * digestLength;

/** Remembers digests in a table, a row per directory of the tree at `root`. */
export function rememberingHasher(
  reader: TreeReader,
  table: Table<DirectoryDigests>,
  root: string,
): FileHasher {
  return {
    async hash(files): Promise<Buffer> {
      const rows = new Rows(table, root);
      const askGroup = (group: readonly HashedFile[]): Promise<GroupDigests> =>
        hashGroup(reader, rows, group);
      return inGroups(files, askGroup, async ({ found, read, startedAt }, { group, next }) => {
        let at = 0;
        const hashes = group.map(({ path, entry }, i) => {
          const known = found[i];
          if (known !== undefined) return known;
          const hash = read[at++] ?? "";
          if (hash !== "" && isSettled(entry.changedAt, startedAt))
            rows.set(path, entry.state, hash);
          return hash;
        });
        // A directory that goes on in the next group is written once, not once for each group.
        await rows.write(next === undefined ? undefined : split(next.path)[0]);
        return hashes;
      });
    },
  };
}

interface GroupDigests {
  /** By file; undefined where it was not remembered. */
  readonly found: readonly (string | undefined)[];
  /** Of the others, in their order. */
  readonly read: readonly string[];
  readonly startedAt: number;
}

async function hashGroup(
  reader: TreeReader,
  rows: Rows,
  files: readonly HashedFile[],
): Promise<GroupDigests> {
  const found = files.map(({ path, entry }) => rows.get(path, entry.state));
  const missing = files.filter((_, i) => found[i] === undefined);
  const startedAt = Date.now();
  const read = missing.length === 0 ? [] : await reader.hash(missing.map(({ path }) => path));
  return { found, read, startedAt };
}

/** The rows of a table that are in use, and which of them have changed. */
class Rows {
  readonly #table: Table<DirectoryDigests>;
  readonly #root: string;
  readonly #rows = new Map<string, Record<string, string>>();
  readonly #changed = new Set<string>();

  constructor(table: Table<DirectoryDigests>, root: string) {
    this.#table = table;
    this.#root = root;
  }

  #row(directory: string): Record<string, string> {
    let row = this.#rows.get(directory);
    if (row === undefined) {
      row = { ...this.#table.get(this.#key(directory)) };
      this.#rows.set(directory, row);
    }
    return row;
  }

  #key(directory: string): string {
    return `${this.#root}\0${directory}`;
  }

  get(path: string, state: string): string | undefined {
    const [directory, name] = split(path);
    const known = this.#row(directory)[name];
    return known?.startsWith(state) === true ? known.slice(-hexLength) : undefined;
  }

  set(path: string, state: string, hash: string): void {
    const [directory, name] = split(path);
    this.#row(directory)[name] = state + hash;
    this.#changed.add(directory);
  }

  /** Writes what has changed and forgets it, but for one directory. */
  async write(except?: string): Promise<void> {
    const changed = [...this.#changed].filter((directory) => directory !== except);
    if (changed.length > 0)
      await this.#table.transaction((writer) => {
        for (const directory of changed) writer.put(this.#key(directory), this.#row(directory));
      });
    for (const directory of changed) this.#changed.delete(directory);
    for (const directory of this.#rows.keys())
      if (directory !== except) this.#rows.delete(directory);
  }
}

function split(path: string): [directory: string, name: string] {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}
