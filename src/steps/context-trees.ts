// SPDX-License-Identifier: Apache-2.0
// The contexts of a build as trees that can be listed, read and copied from. Each is opened when a step first reads it,
// and once.

import { basename, dirname } from "node:path";
import { CleanupStack, defined } from "../base/index.js";
import type { ContextTree, IgnoreRules } from "../context/index.js";
import { readArchive } from "../layer/index.js";
import type { Root, Sandbox, TreeReader } from "../sandbox/index.js";
import type { Snapshots } from "../snapshot/index.js";
import type { Store } from "../store/index.js";
import type { SourceTree } from "./copy/select.js";
import {
  fileDigestTable,
  readingHasher,
  rememberingHasher,
  type DirectoryDigests,
  type FileHasher,
} from "./file-hasher.js";

/** A context that somebody has opened, with the rules of what it shows. */
export interface LoadedTree {
  readonly tree: ContextTree;
  readonly rules?: IgnoreRules;
  readonly label: string;
}

/** A context whose files are in place. */
export interface PlacedTree {
  readonly root: Root;
  readonly rules?: IgnoreRules;
  readonly label: string;
}

/** A context ready to be read. */
export interface OpenContext extends SourceTree {
  readonly reader: TreeReader;
  readonly root: Root;
  readonly hasher: FileHasher;
}

interface Rooms {
  readonly sandbox: Sandbox;
  readonly snapshots: Snapshots;
  readonly store: Store;
}

export class ContextTrees implements AsyncDisposable {
  readonly #rooms: Rooms;
  readonly #signal: AbortSignal;
  readonly #loaders = new Map<string, () => Promise<LoadedTree | PlacedTree>>();
  readonly #open = new Map<string, Promise<OpenContext>>();
  readonly #cleanup = new CleanupStack();

  constructor(rooms: Rooms, signal: AbortSignal) {
    this.#rooms = rooms;
    this.#signal = signal;
  }

  /** Says how the context of a name is loaded, when a step asks for it. */
  add(name: string, load: () => Promise<LoadedTree>): void {
    this.#loaders.set(name, load);
  }

  /** A context whose files are in place already. */
  addRoot(name: string, placed: PlacedTree): void {
    this.#loaders.set(name, () => Promise.resolve(placed));
  }

  /** The context of a name that was added. Errors: what loading it throws. */
  open(name: string): Promise<OpenContext> {
    const load = this.#loaders.get(name);
    if (load === undefined) throw new RangeError(`no context ${JSON.stringify(name)}`);
    const opening = this.#open.get(name) ?? load().then((loaded) => this.#ready(loaded));
    this.#open.set(name, opening);
    return opening;
  }

  async #ready(loaded: LoadedTree | PlacedTree): Promise<OpenContext> {
    const { rules, label } = loaded;
    const root = "root" in loaded ? loaded.root : await this.place(loaded.tree);
    const reader = await this.reader(root);
    const hasher =
      root.kind === "directory"
        ? rememberingHasher(
            reader,
            this.#rooms.store.table<DirectoryDigests>(fileDigestTable),
            root.path,
          )
        : readingHasher(reader);
    return { root, reader, hasher, label, ...defined({ rules }) };
  }

  /** A reader that lives as long as the build. */
  async reader(root: Root): Promise<TreeReader> {
    return this.#cleanup.use(await this.#rooms.sandbox.openTree(root, this.#signal));
  }

  /** A root with the files of a tree: an archive is unpacked, into a directory that goes when the build ends. */
  async place(tree: ContextTree): Promise<Root> {
    const { sandbox } = this.#rooms;
    switch (tree.kind) {
      case "directory":
        return { kind: "directory", path: tree.path };
      case "empty":
        return { kind: "stack", lowers: [] };
      case "archive":
        return this.#scratch((root) =>
          sandbox
            .apply(
              { root, path: "", mode: "archive", owner: { kind: "keep" }, madeTime: 0 },
              readArchive(tree.stream),
              this.#signal,
            )
            .then(() => undefined),
        );
      case "file":
        return this.#scratch((root) =>
          sandbox.copy(
            {
              source: { kind: "directory", path: dirname(tree.path) },
              destination: root,
              owner: { kind: "ids", uid: 0, gid: 0 },
              madeTime: 0,
            },
            [
              { op: "target", path: "/", as: "dir", name: "", parentMode: 0o755 },
              {
                op: "entry",
                from: basename(tree.path),
                to: tree.name,
                follow: false,
                merge: "set",
                mode: 0o600,
              },
            ],
            this.#signal,
          ),
        );
    }
  }

  async #scratch(fill: (root: Root) => Promise<void>): Promise<Root> {
    const { snapshots } = this.#rooms;
    const draft = await snapshots.prepare(null);
    this.#cleanup.defer(() => snapshots.discard(draft));
    await fill({ kind: "stack", lowers: [], upper: draft.dir });
    return { kind: "stack", lowers: [draft.dir] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup[Symbol.asyncDispose]();
  }
}
