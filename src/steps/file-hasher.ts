// SPDX-License-Identifier: Apache-2.0
// Digests of a tree's files, remembered by what the file system says about them, so that an unchanged context is
// known by walking it. A file that changed within the clock's grain of being read is never trusted.

import type { TreeEntry, TreeReader } from "../sandbox/index.js";
import type { Table } from "../store/index.js";

/** One directory's files: name -> what the file system said (TreeEntry.state), then the hex sha256. */
export type DirectoryDigests = Readonly<Record<string, string>>;

/** The name of the table of digests, by tree and directory. */
export const fileDigestTable = "file-states";

/** Gives the sha256 of files, in the order asked. */
export interface FileHasher {
  hash(files: readonly { readonly path: string; readonly entry: TreeEntry }[]): Promise<string[]>;
}

/** Reads every file: for trees that are read once. */
export function readingHasher(reader: TreeReader): FileHasher {
  return { hash: (files) => reader.hash(files.map(({ path }) => path)) };
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

const hashLength = 64;

/** Remembers digests in a table, a row per directory of the tree at `root`. */
export function rememberingHasher(
  reader: TreeReader,
  table: Table<DirectoryDigests>,
  root: string,
): FileHasher {
  const rows = new Map<string, DirectoryDigests>();
  const rowOf = (directory: string): DirectoryDigests => {
    let row = rows.get(directory);
    if (row === undefined) {
      row = table.get(`${root}\0${directory}`) ?? {};
      rows.set(directory, row);
    }
    return row;
  };
  return {
    async hash(files): Promise<string[]> {
      const found: (string | undefined)[] = files.map(({ path, entry }) => {
        const [directory, name] = split(path);
        const known = rowOf(directory)[name];
        return known?.startsWith(entry.state) === true ? known.slice(-hashLength) : undefined;
      });
      const missing = files.filter((_, i) => found[i] === undefined);
      if (missing.length === 0) return found.map((hash) => hash ?? "");
      const startedAt = Date.now();
      const hashes = await reader.hash(missing.map(({ path }) => path));
      const changed = new Map<string, Record<string, string>>();
      missing.forEach(({ path, entry }, i) => {
        const hash = hashes[i];
        if (hash === undefined || !isSettled(entry.changedAt, startedAt)) return;
        const [directory, name] = split(path);
        let row = changed.get(directory);
        if (row === undefined) {
          row = { ...rowOf(directory) };
          changed.set(directory, row);
        }
        row[name] = entry.state + hash;
      });
      for (const [directory, row] of changed) rows.set(directory, row);
      if (changed.size > 0)
        await table.transaction((writer) => {
          for (const [directory, row] of changed) writer.put(`${root}\0${directory}`, row);
        });
      let next = 0;
      return found.map((hash) => hash ?? hashes[next++] ?? "");
    },
  };
}

function split(path: string): [directory: string, name: string] {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}
