// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { stateSize, type TreeEntry, type TreeReader } from "#src/sandbox/index.js";
import {
  readingHasher,
  rememberingHasher,
  type DirectoryDigests,
  type FileHasher,
} from "#src/steps/file-hasher.js";
import type { Table } from "#src/store/index.js";

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Files by path, what was read of them, and what is remembered, from build to build. */
class Tree {
  readonly files = new Map<string, { text: string; state: string; changedAt: number }>();
  readonly rows = new Map<string, unknown>();
  read: string[] = [];
  #states = 0;

  write(path: string, text: string, changedAt = 0): void {
    const state = String(++this.#states).padStart(stateSize, "\0\xff");
    this.files.set(path, { text, state, changedAt });
  }

  get #reader(): TreeReader {
    const hash = (paths: readonly string[]): Promise<Buffer> => {
      this.read.push(...paths);
      return Promise.resolve(Buffer.concat(paths.map((path) => this.#digest(path))));
    };
    return { hash } as Partial<TreeReader> as TreeReader;
  }

  get #table(): Table<DirectoryDigests> {
    const table = {
      get: (key: string) => this.rows.get(key),
      put: (key: string, value: unknown) =>
        this.rows.set(key, JSON.parse(JSON.stringify(value)) as unknown),
      transaction: (action: (writer: unknown) => unknown) => Promise.resolve(action(table)),
    };
    return table as unknown as Table<DirectoryDigests>;
  }

  #entry(path: string): TreeEntry {
    const { state = "", changedAt } = this.files.get(path) ?? {};
    const hasState: TreeEntry["hasState"] = (known, at) =>
      Buffer.from(known).toString("latin1", at, at + stateSize) === state;
    return { state, changedAt, hasState } as Partial<TreeEntry> as TreeEntry;
  }

  #digest(path: string): Buffer {
    return digestOf(this.files.get(path)?.text ?? "");
  }

  /** Hashes all files, or some, demands that the digests are theirs, and gives what was read for it. */
  async hash(
    paths: Iterable<string> = this.files.keys(),
    hasher: FileHasher = rememberingHasher(this.#reader, this.#table, "/context"),
  ): Promise<readonly string[]> {
    const wanted = [...paths];
    const files = wanted.map((path) => ({ path, entry: this.#entry(path) }));
    this.read = [];
    const digests = await hasher.hash(files);
    const expected = Buffer.concat(wanted.map((path) => this.#digest(path)));
    assert.ok(digests.equals(expected));
    return this.read;
  }

  hashAnew(): Promise<readonly string[]> {
    return this.hash(this.files.keys(), readingHasher(this.#reader));
  }
}

function treeOf(...paths: readonly string[]): Tree {
  const tree = new Tree();
  for (const path of paths) tree.write(path, `text of ${path}`);
  return tree;
}

const odd = ["__proto__", "constructor", "a b", "\udc80", "é", "names", "files", "toString/x"];

describe("digests of files", () => {
  it("are read once, and then remembered", async () => {
    const tree = treeOf("a", "b", "d/a", "d/b", "d/e/f", "d/z", ...odd);
    assert.deepEqual(await tree.hash(), [...tree.files.keys()]);
    assert.deepEqual(await tree.hash(), []);
  });
  it("are read again of files that are new or look different, and of no others", async () => {
    const tree = treeOf("a", "b", "d/a", "d/b", "d/c", "e");
    await tree.hash();
    tree.write("d/b", "something else");
    tree.write("d/aa", "new");
    tree.write("f/g", "new, in a new directory");
    assert.deepEqual(await tree.hash([...tree.files.keys()].sort()), ["d/aa", "d/b", "f/g"]);
    assert.deepEqual(await tree.hash([...tree.files.keys()].sort()), []);
  });
  it("are known in any order, of some files, and when others are gone", async () => {
    const tree = treeOf("a", "b", "c", "d/a", "d/b", "d/c");
    await tree.hash();
    assert.deepEqual(await tree.hash(["d/c", "b", "d/a", "a", "d/b"]), []);
    tree.files.delete("a");
    tree.files.delete("d/b");
    assert.deepEqual(await tree.hash(), []);
  });
  it("are not trusted of a file that has changed within the clock's grain", async () => {
    const tree = treeOf("a");
    tree.write("fresh", "1", Date.now());
    await tree.hash();
    assert.deepEqual(await tree.hash(), ["fresh"]);
  });
  it("are right for more files than are read together, and more directories than are kept at hand", async () => {
    const paths = Array.from({ length: 20_000 }, (_, i) => `d${Math.floor(i / 90)}/f${i}`);
    const tree = treeOf(...paths);
    assert.equal((await tree.hash()).length, paths.length);
    assert.equal((await tree.hash()).length, 0);
    for (let i = 0; i < paths.length; i += 3) tree.write(paths[i] ?? "", `changed ${i}`);
    assert.equal((await tree.hash()).length, Math.ceil(paths.length / 3));
    assert.equal((await tree.hash()).length, 0);
    assert.equal((await tree.hashAnew()).length, paths.length);
  });
  it("are read anew where a row is damaged or of another version", async () => {
    const tree = treeOf("a", "b");
    await tree.hash();
    const [[key, row] = ["", {}]] = tree.rows as Map<string, DirectoryDigests>;
    for (const broken of [
      {},
      { a: "state", b: "state" },
      { names: "a/b/", files: "" },
      { ...row, files: (row as DirectoryDigests).files.slice(0, 60) },
    ]) {
      tree.rows.set(key, broken);
      assert.ok((await tree.hash()).includes("b"));
      assert.deepEqual(await tree.hash(), []);
    }
  });
  it("of no files are none", async () => {
    assert.deepEqual(await new Tree().hash(), []);
  });
});
