// SPDX-License-Identifier: Apache-2.0
// Copying into a root filesystem: targets, owners, what is replaced and what is left alone.

import assert from "node:assert/strict";
import {
  lstatSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { CopyOp, CopyRequest } from "#src/sandbox/index.js";
import { canaryIn } from "../support/attack.js";
import { diffOf, listTar, stack, treeOf, writable, type PlainEntry } from "../support/layers.js";
import { sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { makeTree } from "../support/tree.js";

let box: SandboxFixture;
let source: string;
let count = 0;
before(() => {
  box = sandboxFixture();
  source = join(box.directory, "context");
  makeTree(source, {
    f: { file: "f", mode: 0o600, mtime: 111 },
    "dir/x": { file: "x", mode: 0o755, mtime: 222 },
    "dir/sub/y": "y",
    "dir/sub": { dir: true, mode: 0o711, mtime: 333 },
    "to-f": { symlink: "f" },
    "to-host": { symlink: "/etc/hostname" },
    h1: { file: "hard", mtime: 1 },
    h2: { hardlink: "h1" },
  });
});
after(async () => box[Symbol.asyncDispose]());

const withCode = (code: string) => (error: unknown) => isTsbuildError(error, code);
const target = (path: string, as: "dir" | "file" | "auto" = "dir", name = ""): CopyOp => ({
  op: "target",
  path,
  as,
  name,
  parentMode: 0o755,
});
const entry = (
  from: string,
  to: string,
  more: Partial<Extract<CopyOp, { op: "entry" }>> = {},
): CopyOp => ({
  op: "entry",
  from,
  to,
  follow: false,
  merge: "set",
  ...more,
});

interface Copied {
  readonly upper: string;
  readonly tree: ReadonlyMap<string, PlainEntry>;
}

/** Copies into a fresh upper on base (and `lowers`). */
async function copied(
  ops: readonly CopyOp[],
  changes: Partial<CopyRequest> = {},
  lowers: readonly string[] = ["base"],
): Promise<Copied> {
  const upper = `copied-${++count}`;
  await box.sandbox.copy(
    {
      source: { kind: "directory", path: source },
      destination: writable(upper, ...lowers),
      owner: { kind: "ids", uid: 0, gid: 0 },
      madeTime: 77,
      ...changes,
    },
    ops,
    AbortSignal.timeout(60_000),
  );
  const tree = await treeOf(box, stack(...lowers, upper));
  return { upper, tree: new Map(tree.map((one) => [one.path, one])) };
}

describe("where a copy goes", () => {
  it("makes missing parents with the given mode, owner and time", async () => {
    const { tree } = await copied([target("/new/deep/dir"), entry("f", "f")], {
      owner: { kind: "ids", uid: 7, gid: 8 },
    });
    for (const path of ["new", "new/deep", "new/deep/dir"]) {
      const { mode, uid, gid, mtimeNs } = tree.get(path) ?? assert.fail(path);
      assert.deepEqual([mode, uid, gid, mtimeNs], [0o755, 7, 8, "77000000000"], path);
    }
    const { mode, uid, mtimeNs } = tree.get("new/deep/dir/f") ?? assert.fail();
    assert.deepEqual([mode, uid, mtimeNs], [0o600, 7, "111000000000"]);
  });
  it("takes a name for a file, or for a directory that is there", async () => {
    const asFile = await copied([target("/new", "auto", "f"), entry("f", "")]);
    assert.equal(asFile.tree.get("new")?.type, "file");
    const inDir = await copied([target("/etc", "auto", "f"), entry("f", "")]);
    assert.equal(inDir.tree.get("etc/f")?.type, "file");
    assert.equal(inDir.tree.get("etc")?.type, "dir");
  });
  it("follows symlinks of the destination inside the root", async () => {
    makeTree(box.layer("linked"), {
      "link/": { dir: true },
      abs: { symlink: "/home/../tmp" },
      up: { symlink: "../../../../../../../../tmp" },
      dangling: { symlink: "/not/there" },
    });
    const { tree } = await copied(
      [
        target("/abs"),
        entry("f", "one"),
        target("/up/sub"),
        entry("f", "two"),
        target("/dangling/sub"),
        entry("f", "three"),
      ],
      {},
      ["base", "linked"],
    );
    for (const path of ["tmp/one", "tmp/sub/two", "not/there/sub/three"])
      assert.equal(tree.get(path)?.type, "file", path);
    assert.equal(tree.get("dangling")?.type, "symlink");
  });
  it("leaves parents that exist alone, times included", async () => {
    const fs = box.layer("timed");
    makeTree(fs, {
      "a/b": { dir: true, mode: 0o700, mtime: 555 },
      a: { dir: true, mode: 0o711, mtime: 444 },
    });
    const { tree, upper } = await copied(
      [target("/a/b"), entry("f", "f")],
      { owner: { kind: "ids", uid: 9, gid: 9 } },
      ["base", "timed"],
    );
    assert.deepEqual([tree.get("a")?.mode, tree.get("a")?.mtimeNs], [0o711, "444000000000"]);
    assert.deepEqual(
      [tree.get("a/b")?.mode, tree.get("a/b")?.mtimeNs, tree.get("a/b")?.uid],
      [0o700, "555000000000", lowerUid(tree, "a")],
    );
    assert.deepEqual(await listTar(await diffOf(box, writable(upper, "base", "timed"))), [
      "dir a",
      "dir a/b",
      "file a/b/f",
    ]);
  });
});

function lowerUid(tree: Copied["tree"], path: string): number | undefined {
  return tree.get(path)?.uid;
}

describe("what a copy replaces", () => {
  it("unlinks first: never writes through a symlink or a hard link", async () => {
    makeTree(box.layer("old"), {
      "d/real": "real",
      "d/s": { symlink: "real" },
      "d/h": { hardlink: "d/real" },
    });
    const { tree } = await copied([target("/d"), entry("f", "s"), entry("f", "h")], {}, [
      "base",
      "old",
    ]);
    assert.equal(tree.get("d/s")?.type, "file");
    assert.equal(tree.get("d/real")?.hash === tree.get("d/h")?.hash, false);
    assert.equal(tree.get("d/real")?.size, 4);
  });
  it("refuses a file over a directory and a directory over a file", async () => {
    await assert.rejects(
      copied([target("/etc", "file"), entry("f", "")]),
      withCode("SANDBOX_COPY_CONFLICT"),
    );
    await assert.rejects(
      copied([target("/"), entry("f", "etc")]),
      withCode("SANDBOX_COPY_CONFLICT"),
    );
    await assert.rejects(
      copied([target("/etc"), entry("dir", "passwd")]),
      withCode("SANDBOX_COPY_CONFLICT"),
    );
    await assert.rejects(
      copied([target("/etc/passwd/x"), entry("f", "f")]),
      withCode("SANDBOX_COPY_CONFLICT"),
    );
    await assert.rejects(
      copied([target("/etc/passwd"), entry("f", "f")]),
      withCode("SANDBOX_COPY_CONFLICT"),
    );
  });
  it("merges directories, with or without their metadata", async () => {
    makeTree(box.layer("merge"), { "sub/old": "o", sub: { dir: true, mode: 0o777, mtime: 9 } });
    const set = await copied(
      [target("/"), entry("dir/sub", "sub"), entry("dir/sub/y", "sub/y")],
      {},
      ["base", "merge"],
    );
    assert.deepEqual(
      [set.tree.get("sub")?.mode, set.tree.get("sub")?.mtimeNs],
      [0o711, "333000000000"],
    );
    assert.ok(set.tree.has("sub/old") && set.tree.has("sub/y"));
    const keep = await copied(
      [target("/"), entry("dir/sub", "sub", { merge: "keep" }), entry("dir/sub/y", "sub/y")],
      {},
      ["base", "merge"],
    );
    assert.deepEqual(
      [keep.tree.get("sub")?.mode, keep.tree.get("sub")?.mtimeNs],
      [0o777, "9000000000"],
    );
  });
});

describe("what a copy is", () => {
  it("has the mode that was asked for, whole seconds, and the request's owner", async () => {
    utimesSync(join(source, "dir/x"), 222.75, 222.75);
    const { tree } = await copied([target("/"), entry("dir/x", "x", { mode: 0o4711 })], {
      owner: { kind: "ids", uid: 5, gid: 6 },
    });
    const { mode, uid, gid, mtimeNs } = tree.get("x") ?? assert.fail();
    assert.deepEqual([mode, uid, gid, mtimeNs], [0o4711, 5, 6, "222000000000"]);
  });
  it("looks owners up in the destination", async () => {
    for (const [spec, uid, gid] of [
      ["ann", 1000, 1000],
      ["ann:staff", 1000, 50],
      ["12", 12, 12],
      ["12:13", 12, 13],
      [":staff", 0, 50],
    ] as const) {
      const { tree } = await copied([target("/"), entry("f", "f")], {
        owner: { kind: "spec", spec },
      });
      assert.deepEqual([tree.get("f")?.uid, tree.get("f")?.gid], [uid, gid], spec);
    }
    for (const spec of ["nobody-here", "ann:nowhere"])
      await assert.rejects(
        copied([target("/"), entry("f", "f")], { owner: { kind: "spec", spec } }),
        withCode("SANDBOX_USER"),
      );
  });
  it("keeps owners of a stage, but not for the directory that is made for it", async () => {
    const first = await copied([target("/stage"), entry("f", "f")], {
      owner: { kind: "ids", uid: 42, gid: 43 },
    });
    const { tree } = await copied(
      [
        target("/made"),
        entry("stage", "", { owner: "made", merge: "keep" }),
        entry("stage/f", "f"),
      ],
      { source: stack("base", first.upper), owner: { kind: "keep" } },
    );
    assert.deepEqual([tree.get("made/f")?.uid, tree.get("made/f")?.gid], [42, 43]);
    assert.deepEqual([tree.get("made")?.uid, tree.get("made")?.gid], [0, 0]);
  });
  it("follows a named symlink, inside the source", async () => {
    const { tree } = await copied([
      target("/"),
      entry("to-f", "a", { follow: true }),
      entry("to-f", "b"),
    ]);
    assert.deepEqual(
      [tree.get("a")?.type, tree.get("b")?.type, tree.get("b")?.link],
      ["file", "symlink", "f"],
    );
    await assert.rejects(
      copied([target("/"), entry("to-host", "x", { follow: true })]),
      (error) => {
        assert.ok(isTsbuildError(error, "SANDBOX_SYSTEM"));
        assert.equal(error.details["errno"], "ENOENT");
        return true;
      },
    );
  });
  it("keeps hard links within one copy", async () => {
    const { tree } = await copied([target("/"), entry("h1", "h1"), entry("h2", "d/h2")]);
    assert.deepEqual([tree.get("d/h2")?.hash, tree.get("h1")?.nlink], [tree.get("d/h2")?.hash, 2]);
    assert.match(`${tree.get("h1")?.hash} ${tree.get("d/h2")?.hash}`, /= (h1|d\/h2)/);
  });
  it("writes bytes at hand", async () => {
    const bytes = Buffer.alloc(1_000_000, "data");
    const { tree } = await copied([
      target("/"),
      { op: "data", to: "d", mode: 0o640, mtime: 10, bytes },
      entry("f", "after"),
    ]);
    const { size, mode, mtimeNs } = tree.get("d") ?? assert.fail();
    assert.deepEqual([size, mode, mtimeNs], [1_000_000, 0o640, "10000000000"]);
    assert.ok(tree.has("after"));
  });
  it("keeps the holes of a large file", async () => {
    const file = join(source, "sparse");
    writeFileSync(file, "");
    const { truncateSync, openSync, writeSync, closeSync } = await import("node:fs");
    truncateSync(file, 50_000_000);
    const fd = openSync(file, "r+");
    writeSync(fd, "middle", 20_000_000);
    closeSync(fd);
    const { upper, tree } = await copied([target("/"), entry("sparse", "sparse")]);
    const made = lstatSync(join(box.layer(upper), "sparse"));
    assert.equal(made.size, 50_000_000);
    assert.ok(made.blocks * 512 < 1_000_000, String(made.blocks));
    const plain = await copied([
      target("/"),
      { op: "data", to: "sparse", mode: 0o644, mtime: 0, bytes: readFileSync(file) },
    ]);
    assert.equal(tree.get("sparse")?.hash, plain.tree.get("sparse")?.hash);
  });
});

describe("copying out to a directory of the host", () => {
  it("makes files of the caller's, and follows nothing out of it", async () => {
    const out = join(box.directory, "out");
    makeTree(out, { "link-out": { symlink: box.directory } });
    const first = await copied([target("/stage"), entry("f", "f")], {
      owner: { kind: "ids", uid: 42, gid: 43 },
    });
    const copying = box.sandbox.copy(
      {
        source: stack(first.upper),
        destination: { kind: "directory", path: out },
        owner: { kind: "keep" },
        madeTime: 0,
        unprivileged: true,
      },
      [
        target("/"),
        entry("stage", "stage"),
        entry("stage/f", "stage/f"),
        target("/link-out"),
        entry("stage/f", "escaped"),
      ],
      AbortSignal.timeout(10_000),
    );
    await copying;
    const { uid, gid } = lstatSync(join(out, "stage/f"));
    assert.deepEqual([uid, gid], [process.getuid?.(), process.getgid?.()]);
    assert.ok(!readdirSync(box.directory).includes("escaped"));
  });

  it("replaces what is of another type, without following a symlink, where that is asked for", async () => {
    const host = join(box.directory, "replacing");
    const canary = canaryIn(box.directory);
    const { upper } = await copied([
      target("/stage"),
      entry("f", "f"),
      entry("f", "g"),
      entry("to-f", "link"),
      target("/stage/dir"),
      entry("f", "victim"),
      target("/stage/where"),
      entry("f", "victim"),
    ]);
    const paths = ["f", "g", "link", "dir", "dir/victim", "where", "where/victim"];
    const write = (replace: boolean): Promise<void> =>
      box.sandbox.copy(
        {
          source: stack(upper),
          destination: { kind: "directory", path: host },
          owner: { kind: "keep" },
          madeTime: 0,
          unprivileged: true,
          ...(replace ? { replace } : {}),
        },
        [target("/"), ...paths.map((path) => entry(`stage/${path}`, path, { merge: "set" }))],
        AbortSignal.timeout(10_000),
      );
    makeTree(host, {
      "f/deep/out": { symlink: canary.directory },
      "f/deep/file": "x",
      g: { symlink: canary.victim },
      "link/old": "x",
      dir: { symlink: canary.directory },
      where: "a file",
      kept: "x",
    });
    await assert.rejects(write(false), { code: "SANDBOX_COPY_CONFLICT" });
    await write(true);
    canary.assertUntouched();
    const found = (path: string): Stats => lstatSync(join(host, path));
    assert.ok(found("f").isFile() && found("g").isFile() && found("link").isSymbolicLink());
    assert.ok(found("dir").isDirectory() && found("dir/victim").isFile());
    assert.ok(found("where/victim").isFile() && found("kept").isFile());
    await write(true);
    canary.assertUntouched();
  });
});
