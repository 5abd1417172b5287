// SPDX-License-Identifier: Apache-2.0
// What the helper tells of a tree: lists, fingerprints, digests and bytes of files.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { compareNames, isTsbuildError } from "#src/base/index.js";
import { createSandbox, defaultHelperPath } from "#src/sandbox/create-sandbox.js";
import type { ListOptions, PrintedList, Sandbox } from "#src/sandbox/index.js";
import { sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { makeTree } from "../support/tree.js";

let box: SandboxFixture;
before(() => {
  box = sandboxFixture();
});
after(async () => box[Symbol.asyncDispose]());

const withCode = (code: string) => (error: unknown) => isTsbuildError(error, code);

describe("listing a tree", () => {
  it("is in byte order, parents first, with pruned and shallow parts", async () => {
    const source = join(box.directory, "listed");
    makeTree(source, { "b/x/y": "1", "b-c": "2", a: "3", "b/w": "4", é: "5", "z/q": "6" });
    symlinkSync("b", join(source, "to-b"));
    linkSync(join(source, "a"), join(source, "z/a"));
    utimesSync(join(source, "a"), 5, 5);
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(10_000),
    );
    const paths = async (...args: Parameters<typeof reader.list>): Promise<string[] | undefined> =>
      (await reader.list(...args))?.map(({ path }) => path);
    assert.deepEqual(await paths(""), [
      "",
      "a",
      "b",
      "b/w",
      "b/x",
      "b/x/y",
      "b-c",
      "to-b",
      "z",
      "z/a",
      "z/q",
      "é",
    ]);
    assert.deepEqual(await paths("to-b", { depth: 1 }), ["", "w", "x"]);
    assert.deepEqual(await paths("", { prune: ["b", "z"] }), [
      "",
      "a",
      "b",
      "b-c",
      "to-b",
      "z",
      "é",
    ]);
    assert.equal(await paths("nowhere"), undefined);
    assert.equal(await paths("a/b"), undefined);
    assert.equal((await reader.stat("../../to-b", false))?.link, "b");
    assert.equal((await reader.stat("to-b", true))?.type, "dir");
    const digest = createHash("sha256").update("3").digest();
    assert.deepEqual(await reader.hash(["a", "z/a"]), Buffer.concat([digest, digest]));
    assert.equal((await reader.read("a", 10))?.toString(), "3");
    assert.equal(await reader.read("nowhere", 10), undefined);
    assert.equal((await reader.readAt("b-c", 0, 100)).toString(), "2");
    await assert.rejects(reader.read("a", 0), withCode("SANDBOX_LIMIT"));
    await assert.rejects(reader.readAt("b", 0, 1), withCode("SANDBOX_NOT_A_FILE"));
    await assert.rejects(reader.hash(["a", "b"]), withCode("SANDBOX_NOT_A_FILE"));
    assert.equal(
      (await reader.stat("a", false))?.mtimeNs,
      "5000000000",
      "a failed question does not end the session",
    );
  });
  it("has a fingerprint that every change shows in, of attributes, too", async () => {
    const source = join(box.directory, "printed");
    makeTree(source, { "a/b": "1", "a/c": "2", d: { symlink: "a" } });
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(10_000),
    );
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      const print = (await reader.fingerprint("")) ?? "";
      const list = await reader.listWithPrint("");
      assert.equal(list?.print, print, "the list has the fingerprint that is given without it");
      const latest = Math.max(...list.entries.map(({ changedAt }) => changedAt));
      assert.equal(list.changedAt, latest);
      seen.add(print);
    };
    await look();
    await look();
    assert.equal(seen.size, 1, "nothing has changed");
    const file = join(source, "a/b");
    const changes = [
      () => execFileSync("setfattr", ["-n", "user.note", "-v", "x", file]),
      () => execFileSync("setfattr", ["-n", "user.note", "-v", "y", file]),
      () => {
        chmodSync(file, 0o600);
      },
      () => {
        writeFileSync(file, "3");
      },
      () => {
        utimesSync(file, 5, 5);
      },
      () => {
        linkSync(file, join(source, "a/e"));
      },
      () => {
        rmSync(join(source, "d"));
        symlinkSync("b", join(source, "d"));
      },
      () => {
        renameSync(join(source, "a/e"), join(source, "a/f"));
      },
    ];
    for (const [i, change] of changes.entries()) {
      // The clock of the file system ticks every few milliseconds.
      await setTimeout(20);
      change();
      await look();
      assert.equal(seen.size, i + 2, `change ${i} shows`);
    }
    assert.equal(await reader.fingerprint("nowhere"), undefined);
  });
  it("hashes files of every length", async () => {
    const source = join(box.directory, "hashed");
    const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 65_536, 3_000_001];
    const contents = lengths.map((length) => randomBytes(length));
    makeTree(source, Object.fromEntries(contents.map((file, i) => [`d${i % 3}/f${i}`, { file }])));
    symlinkSync("d0/f0", join(source, "link"));
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(10_000),
    );
    const paths = [...lengths.map((_, i) => `d${i % 3}/f${i}`), "link"];
    const wanted = [...contents, Buffer.alloc(0)].map((bytes) =>
      createHash("sha256").update(bytes).digest(),
    );
    assert.deepEqual(await reader.hash(paths), Buffer.concat(wanted));
  });
});

describe("the list of a large tree, which several threads walk", () => {
  const groups = 60;
  const inEach = 50;
  let source = "";
  before(() => {
    source = join(box.directory, "large");
    const files: Record<string, string> = {};
    // `g1-` sorts between `g1` and what is below `g1`, when a slash counts.
    for (let group = 0; group < groups; group++)
      for (let i = 0; i < inEach; i++)
        files[`g${group >> 1}${group % 2 === 0 ? "" : "-"}/${i % 7}/f${i}`] = String(i);
    makeTree(source, files);
  });

  /** The sandbox with a helper that has one processor. */
  function onOneProcessor(): Sandbox {
    const helperPath = join(box.directory, "helper-on-one-processor");
    const first = `$(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//')`;
    const script = `#!/bin/sh\nexec taskset -c "${first}" ${defaultHelperPath()} "$@"\n`;
    writeFileSync(helperPath, script, { mode: 0o755 });
    return createSandbox({ storeRoot: box.store, helperPath });
  }

  const list = async (sandbox: Sandbox, options?: ListOptions): Promise<PrintedList> => {
    await using reader = await sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(30_000),
    );
    const found = await reader.listWithPrint("", options);
    assert.ok(found !== undefined);
    assert.equal(await reader.fingerprint("", options), found.print);
    return found;
  };
  const pathsOf = ({ entries }: PrintedList): string[] => entries.map(({ path }) => path);

  it("is in the order of names, each time", async () => {
    const wanted = [""];
    const walk = (below: string): void => {
      const names = readdirSync(join(source, below), { withFileTypes: true });
      for (const entry of names.sort((a, b) => compareNames(a.name, b.name))) {
        const path = join(below, entry.name);
        wanted.push(path);
        if (entry.isDirectory()) walk(path);
      }
    };
    walk("");
    const first = await list(box.sandbox);
    assert.deepEqual(pathsOf(first), wanted);
    for (let round = 0; round < 20; round++)
      assert.equal((await list(box.sandbox)).print, first.print);
  });

  it("is the same on one processor", async () => {
    const alone = onOneProcessor();
    const shallow: ListOptions = { depth: 2, prune: ["g3", "g3-/1", "g20"] };
    for (const options of [undefined, shallow]) {
      const [many, one] = [await list(box.sandbox, options), await list(alone, options)];
      assert.deepEqual(pathsOf(many), pathsOf(one));
      assert.equal(many.print, one.print);
    }
    assert.ok((await list(box.sandbox, shallow)).entries.length > 400);
  });

  it("leaves out what goes away meanwhile, and stays whole", async () => {
    const victim = join(source, "victim");
    const known = new Set(pathsOf(await list(box.sandbox)));
    const script = `while mkdir -p "$1/a/b" && : > "$1/a/b/c" && rm -rf "$1"; do :; done`;
    const changing = spawn("sh", ["-c", script, "sh", victim], { stdio: "ignore" });
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(60_000),
    );
    try {
      for (let round = 0; round < 40; round++) {
        const paths = ((await reader.list("")) ?? []).map(({ path }) => path);
        assert.deepEqual(paths.filter((path) => !path.startsWith("victim")).length, known.size);
      }
    } finally {
      changing.kill("SIGKILL");
      await once(changing, "exit");
      rmSync(victim, { recursive: true, force: true });
    }
  });

  it("fails with the first path that cannot be listed, whichever thread finds one", async () => {
    // Paths that are too long, in the first and in the last directory: they can only be put together.
    const half = Array.from({ length: 10 }, () => "n".repeat(250)).join("/");
    const tops = ["g9/too-long", "g0/too-long"].map((top) => join(source, top));
    for (const top of tops) {
      mkdirSync(join(top, half), { recursive: true });
      mkdirSync(join(top, "other", half), { recursive: true });
      renameSync(join(top, "other"), join(top, half, "other"));
    }
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(30_000),
    );
    try {
      for (let round = 0; round < 10; round++)
        await assert.rejects(reader.fingerprint(""), (error) => {
          assert.ok(isTsbuildError(error, "SANDBOX_SYSTEM"), String(error));
          assert.match(error.message, /^cannot list: g0\/too-long\/n+.* \(ENAMETOOLONG\)$/);
          return true;
        });
      assert.equal((await reader.stat("g0", false))?.type, "dir", "the session goes on");
    } finally {
      execFileSync("rm", ["-rf", ...tops]);
    }
  });
});
