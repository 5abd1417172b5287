// SPDX-License-Identifier: Apache-2.0
// Digests of a tree's files, remembered by what the file system says about them, so that an unchanged context is
// known by walking it. A file that changed within the clock's grain of being read is never trusted.

import { hashSize, stateSize, type TreeEntry, type TreeReader } from "../sandbox/index.js";
import type { Table } from "../store/index.js";

/** What is remembered of one directory's files, in the order in which they were seen. */
export interface DirectoryDigests {
  /** Each ended by a slash. */
  readonly names: string;
  /** For each in base64: what the file system said (TreeEntry.state), then the sha256. */
  readonly files: string;
}

/** The name of the table of digests, by tree and directory. */
export const fileDigestTable = "file-states";

/** A file of a tree, and what the file system says of it. */
export interface HashedFile {
  readonly path: string;
  readonly entry: TreeEntry;
}

/** Gives the sha256 of files, `hashSize` bytes each, in the order asked. There may be very many. */
export interface FileHasher {
  hash(files: Iterable<HashedFile>): Promise<Buffer>;
}

/** Files that are read together. */
const groupSize = 8192;

/** A group of files that are being read. */
interface Group<F> {
  readonly files: readonly F[];
  /** The file that it ends before. */
  readonly next: F | undefined;
  readonly startedAt: number;
  readonly digests: Promise<Buffer>;
}

/** Reads group after group. While one is taken, the next is being read. */
async function readInGroups<F extends { readonly path: string }>(
  reader: TreeReader,
  files: Iterable<F>,
  take: (digests: Buffer, group: Group<F>) => void | Promise<void>,
): Promise<void> {
  let asked: Group<F> | undefined;
  let group: F[] = [];
  const takeOne = async (one: Group<F> | undefined): Promise<void> => {
    if (one !== undefined) await take(await one.digests, one);
  };
  const askNext = async (next?: F): Promise<void> => {
    const before = asked;
    const startedAt = Date.now();
    const digests = reader.hash(group.map(({ path }) => path));
    asked = { files: group, next, startedAt, digests };
    group = [];
    // Should the one before fail, nobody waits for this one.
    digests.catch(() => undefined);
    await takeOne(before);
  };
  for (const file of files) {
    if (group.length === groupSize) await askNext(file);
    group.push(file);
  }
  if (group.length > 0) await askNext();
  await takeOne(asked);
}

/** Reads every file: for trees that are read once. */
export function readingHasher(reader: TreeReader): FileHasher {
  return {
    async hash(files): Promise<Buffer> {
      const all: Buffer[] = [];
      await readInGroups(reader, files, (digests) => {
        all.push(digests);
      });
      return Buffer.concat(all);
    },
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

/** Remembers digests in a table, a row per directory of the tree at `root`. */
export function rememberingHasher(
  reader: TreeReader,
  table: Table<DirectoryDigests>,
  root: string,
): FileHasher {
  return {
    async hash(files): Promise<Buffer> {
      const rows = new Rows(table, root);
      const digests = new Digests();
      await readInGroups(reader, unknownOf(files, rows, digests), async (read, group) => {
        for (const [i, { path, state, changedAt, at }] of group.files.entries()) {
          const digest = read.subarray(i * hashSize, (i + 1) * hashSize);
          digests.set(at, digest);
          if (isSettled(changedAt, group.startedAt)) rows.set(path, state, digest);
        }
        // A directory that goes on in the next group is written once, not once for each group.
        await rows.write(group.next === undefined ? undefined : split(group.next.path)[0]);
      });
      return digests.bytes();
    },
  };
}

/** A file that has to be read, and where its digest belongs. */
interface UnknownFile extends Pick<TreeEntry, "path" | "state" | "changedAt"> {
  readonly at: number;
}

/** The files that are not remembered. The digests of the others are put in their places. */
function* unknownOf(
  files: Iterable<HashedFile>,
  rows: Rows,
  digests: Digests,
): Generator<UnknownFile, void, undefined> {
  for (const { path, entry } of files) {
    const at = digests.next();
    if (!rows.get(path, entry, digests, at))
      yield { path, state: entry.state, changedAt: entry.changedAt, at };
  }
}

/** Digests one after the other, as many as come. */
class Digests {
  #buffer = Buffer.alloc(1024 * hashSize);
  #length = 0;

  /** Makes room for one more, and says where. */
  next(): number {
    const at = this.#length;
    this.#length += hashSize;
    if (this.#length > this.#buffer.length)
      this.#buffer = Buffer.concat([this.#buffer], 2 * this.#buffer.length);
    return at;
  }

  set(at: number, from: Buffer, start = 0): void {
    from.copy(this.#buffer, at, start, start + hashSize);
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** So many rows stay at hand for a while, and those that have changed until they are written. */
const mostRows = 64;

/** The rows of a table that are in use. */
class Rows {
  readonly #table: Table<DirectoryDigests>;
  readonly #root: string;
  readonly #rows = new Map<string, Row>();
  #loaded = 0;

  constructor(table: Table<DirectoryDigests>, root: string) {
    this.#table = table;
    this.#root = root;
  }

  #row(directory: string): Row {
    let row = this.#rows.get(directory);
    if (row === undefined) {
      if (++this.#loaded % mostRows === 0) this.#forgetUnchanged();
      row = new Row(this.#table.get(this.#key(directory)));
      this.#rows.set(directory, row);
    }
    return row;
  }

  #forgetUnchanged(): void {
    for (const [directory, row] of this.#rows) if (!row.changed) this.#rows.delete(directory);
  }

  #key(directory: string): string {
    return `${this.#root}\0${directory}`;
  }

  /** Puts the digest of a file in its place, unless it is not known of the state that the file is in. */
  get(path: string, entry: TreeEntry, digests: Digests, at: number): boolean {
    const [directory, name] = split(path);
    return this.#row(directory).get(name, entry, digests, at);
  }

  set(path: string, state: string, digest: Buffer): void {
    const [directory, name] = split(path);
    this.#row(directory).set(name, state, digest);
  }

  /** Writes what has changed and forgets it, but for one directory. */
  async write(except?: string): Promise<void> {
    const changed = [...this.#rows].filter(
      ([directory, row]) => row.changed && directory !== except,
    );
    if (changed.length === 0) return;
    await this.#table.transaction((writer) => {
      for (const [directory, row] of changed) writer.put(this.#key(directory), row.value());
    });
    for (const [directory] of changed) this.#rows.delete(directory);
  }
}

/** Bytes of a file in a row. */
const fileSize = stateSize + hashSize;

/** A row in hand. Its files are mostly asked for in the order in which they were seen: the next one is at hand. */
class Row {
  readonly #names: readonly string[];
  /** State and digest of each. */
  readonly #known: Buffer;
  #next = 0;
  /** Of each name its place: made when one is not the next. */
  #places: Map<string, number> | undefined;
  readonly #fresh = new Map<string, string>();

  /** What another version has written may have neither part. */
  constructor({ names = "", files = "" }: Partial<DirectoryDigests> = {}) {
    const list = names.split("/").slice(0, -1);
    const bytes = Buffer.from(files, "base64");
    const fits = bytes.length === list.length * fileSize;
    this.#names = fits ? list : [];
    this.#known = fits ? bytes : Buffer.alloc(0);
  }

  get changed(): boolean {
    return this.#fresh.size > 0;
  }

  get(name: string, entry: TreeEntry, digests: Digests, at: number): boolean {
    const place = this.#placeOf(name);
    if (place === undefined) return false;
    this.#next = place + 1;
    const start = place * fileSize;
    if (!entry.hasState(this.#known, start)) return false;
    digests.set(at, this.#known, start + stateSize);
    return true;
  }

  #placeOf(name: string): number | undefined {
    if (this.#names[this.#next] === name) return this.#next;
    if (this.#names.length === 0) return undefined;
    this.#places ??= new Map(this.#names.map((known, i) => [known, i]));
    return this.#places.get(name);
  }

  set(name: string, state: string, digest: Buffer): void {
    this.#fresh.set(name, state + digest.toString("latin1"));
  }

  /** The row as it is to be remembered. */
  value(): DirectoryDigests {
    const files = new Map(
      this.#names.map((name, i) => [
        name,
        this.#known.toString("latin1", i * fileSize, (i + 1) * fileSize),
      ]),
    );
    for (const [name, file] of this.#fresh) files.set(name, file);
    const names = [...files.keys()];
    return {
      names: names.map((name) => `${name}/`).join(""),
      files: Buffer.from([...files.values()].join(""), "latin1").toString("base64"),
    };
  }
}

function split(path: string): [directory: string, name: string] {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}
