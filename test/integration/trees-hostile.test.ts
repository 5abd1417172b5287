// SPDX-License-Identifier: Apache-2.0
// Archives and layers made to break out: whatever they say, nothing outside the root is read, written, linked or removed.

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { LayerEntry } from "#src/layer/index.js";
import { applyLayer, diffOf, extract, stack, treeOf, writable } from "../support/layers.js";
import { asRoot, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { tarOf, type RawEntry } from "../support/tar-builder.js";

const signal = new AbortController().signal;
let box: SandboxFixture;
let canary: string;
let before_: string;
let count = 0;
before(() => {
  box = sandboxFixture();
  canary = join(box.directory, "canary");
  mkdirSync(canary);
  writeFileSync(join(canary, "victim"), "untouched");
});
after(async () => box[Symbol.asyncDispose]());

/** Everything about the canary directory that an attack could change. */
function canaryState(): string {
  const facts = ["", ...readdirSync(canary).sort()].map((name) => {
    const { mode, uid, gid, nlink, size, mtimeNs, ino } = lstatSync(join(canary, name), {
      bigint: true,
    });
    return [name, mode, uid, gid, nlink, size, mtimeNs, ino].join(" ");
  });
  return [...facts, readFileSync(join(canary, "victim"), "utf8")].join("\n");
}
beforeEach(() => {
  before_ = canaryState();
});

type Outcome = "refused" | "inside";

/** Unpacks the entries as a layer, and as ADD would into a root, and looks at the canary after each. */
async function attack(
  ...entries: readonly RawEntry[]
): Promise<Record<"layer" | "archive", Outcome>> {
  const tar = tarOf(...entries);
  const outcome = async (unpacking: Promise<unknown>): Promise<Outcome> => {
    try {
      await unpacking;
      return "inside";
    } catch (error) {
      assert.ok(isTsbuildError(error), String(error));
      return "refused";
    } finally {
      assert.equal(canaryState(), before_);
    }
  };
  const name = `hostile-${++count}`;
  const layer = await outcome(applyLayer(box, `${name}-l`, tar));
  const archive = await outcome(extract(box, writable(`${name}-a`, "base"), "/tmp", tar));
  // What was made can be read, and removed, without leaving the root either.
  await diffOf(box, writable(`${name}-a`, "base")).catch((error: unknown) => {
    assert.ok(isTsbuildError(error));
  });
  assert.equal(canaryState(), before_);
  return { layer, archive };
}

async function contents(root: Parameters<typeof treeOf>[1]): Promise<Map<string, string>> {
  return new Map(
    (await treeOf(box, root)).map(({ path, type, link }) => [
      path,
      type === "symlink" ? `-> ${link}` : type,
    ]),
  );
}

describe("archives that try to leave", () => {
  it("by names with ..", async () => {
    for (const name of ["../x", "a/../../x", "../../../../../../tmp/x"])
      assert.deepEqual(await attack({ name, content: "evil" }), {
        layer: "refused",
        archive: "refused",
      });
  });
  it("by absolute names", async () => {
    assert.deepEqual(await attack({ name: `${canary}/x`, content: "evil" }), {
      layer: "inside",
      archive: "inside",
    });
    const made = await contents(stack(`hostile-${count}-l`));
    assert.equal(made.get(`${canary.slice(1)}/x`), "file");
  });
  it("through an absolute symlink", async () => {
    assert.deepEqual(
      await attack(
        { name: "l", type: "2", link: canary },
        { name: "l/x", content: "evil" },
        { name: "l/victim", content: "evil" },
      ),
      { layer: "inside", archive: "inside" },
    );
    assert.equal(
      (await contents(stack(`hostile-${count}-l`))).get(`${canary.slice(1)}/victim`),
      "file",
    );
  });
  it("through symlinks that climb", async () => {
    assert.equal(
      (
        await attack(
          { name: "a", type: "2", link: ".." },
          { name: "a/b", type: "2", link: "../.." },
          { name: "a/b/c", type: "2", link: "../../../../../../../../.." },
          { name: `a/b/c${canary}/x`, content: "evil" },
        )
      ).layer,
      "inside",
    );
  });
  it("through chains of symlinks that end nowhere", async () => {
    await attack(
      { name: "l1", type: "2", link: "l2" },
      { name: "l2", type: "2", link: "l1" },
      { name: "l1/x", content: "evil" },
    );
    await attack(
      { name: "l", type: "2", link: "missing/../../.." },
      { name: "l/x", content: "evil" },
    );
  });
  it("by hard links out", async () => {
    for (const link of ["../../x", `../../../../../../../../${canary}/victim`])
      assert.deepEqual(await attack({ name: "h", type: "1", link }), {
        layer: "refused",
        archive: "refused",
      });
    assert.deepEqual(
      await attack(
        { name: "h", type: "1", link: `${canary}/victim` },
        { name: "h", content: "evil" },
      ),
      {
        layer: "refused",
        archive: "refused",
      },
    );
  });
  it("by hard links to and through symlinks", async () => {
    await attack(
      { name: "s", type: "2", link: `${canary}/victim` },
      { name: "h", type: "1", link: "s" },
      { name: "h", content: "evil" },
      { name: "d", type: "2", link: canary },
      { name: "h2", type: "1", link: "d/victim" },
    );
  });
  it("by a file through a symlink of its own name", async () => {
    assert.deepEqual(
      await attack(
        { name: "s", type: "2", link: `${canary}/victim` },
        { name: "s", content: "evil" },
      ),
      {
        layer: "inside",
        archive: "inside",
      },
    );
    assert.equal((await contents(stack(`hostile-${count}-l`))).get("s"), "file");
  });
  it("by a directory over a symlink, with metadata", async () => {
    assert.deepEqual(
      await attack(
        { name: "s", type: "2", link: canary },
        { name: "s/", type: "5", mode: 0o777, uid: 1, mtime: 5 },
        { name: "s/x", content: "evil" },
      ),
      { layer: "inside", archive: "inside" },
    );
    assert.equal((await contents(stack(`hostile-${count}-l`))).get("s"), "dir");
  });
  it("by a name that is file, symlink and file again", async () => {
    await attack(
      { name: "f", content: "1" },
      { name: "f", type: "2", link: `${canary}/victim` },
      { name: "f", content: "evil" },
      { name: "d/", type: "5" },
      { name: "d/x", content: "1" },
      { name: "d", type: "2", link: canary },
      { name: "d/victim", content: "evil" },
    );
  });
  it("by deletion marks through symlinks", async () => {
    await attack(
      { name: "l", type: "2", link: canary },
      { name: "l/.wh.victim" },
      { name: "l/.wh..wh..opq" },
    );
  });
  it("by a top that is a symlink", async () => {
    for (const name of [".", "./", "/", "a/.."])
      assert.deepEqual(
        await attack({ name, type: "2", link: canary }, { name: "x", content: "evil" }),
        {
          layer: "refused",
          archive: "refused",
        },
      );
  });
  it("by magic links", async () => {
    await attack(
      { name: "m", type: "2", link: "/proc/self/cwd" },
      { name: "m/x", content: "evil" },
      { name: "n", type: "2", link: "/proc/self/root" },
      { name: `n${canary}/x`, content: "evil" },
    );
  });
  it("by names with control characters", async () => {
    assert.deepEqual(await attack({ name: "a", pax: { path: "a\0/../../x" } }), {
      layer: "refused",
      archive: "refused",
    });
    assert.deepEqual(await attack({ name: "..\\..\\x" }, { name: "a\nb" }, { name: "\x1b[2J" }), {
      layer: "inside",
      archive: "inside",
    });
  });
});

describe("entries that are more than files", () => {
  it("set-uid files stay what they are, inside", async () => {
    await attack({ name: "su", mode: 0o6777, uid: 0 });
    assert.equal((await treeOf(box, stack(`hostile-${count}-l`)))[1]?.mode, 0o6777);
  });
  it("device nodes are made as root only, and never opened", async () => {
    assert.deepEqual(
      await attack({ name: "disk", type: "4", devMajor: 8, devMinor: 0, mode: 0o666 }),
      {
        layer: "inside",
        archive: "inside",
      },
    );
    assert.equal(
      (await contents(stack(`hostile-${count}-l`))).get("disk"),
      asRoot ? "block" : undefined,
    );
    // What was left out is said, with the path.
    assert.equal(
      box.warnings.some((text) => /1 device node .*\/disk/.test(text)),
      !asRoot,
    );
  });
  it("owners are kept, or it is said that they are not", async () => {
    const uid = 4_000_000_000;
    await attack({ name: "far", pax: { uid: String(uid) } });
    const tree = await treeOf(box, stack(`hostile-${count}-l`));
    const kept = tree.some((entry) => entry.path === "far" && entry.uid === uid);
    assert.equal(kept || !asRoot, true);
    assert.equal(
      box.warnings.some((text) => /1 owner .*\/far/.test(text)),
      !kept,
    );
  });
  it("a fifo in the way of a file is replaced, not opened", async () => {
    assert.deepEqual(await attack({ name: "p", type: "6" }, { name: "p", content: "x" }), {
      layer: "inside",
      archive: "inside",
    });
  });
  it("a file in the way of a directory of a layer gives way", async () => {
    await attack({ name: "a", content: "file" }, { name: "a/b", content: "x" });
    assert.equal((await contents(stack(`hostile-${count}-l`))).get("a/b"), "file");
  });
});

describe("a request that was tampered with on the way", () => {
  const entry: LayerEntry = {
    type: "file",
    path: "x",
    link: "",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    devMajor: 0,
    devMinor: 0,
    xattrs: [],
  };
  const bad: Readonly<Record<string, Partial<LayerEntry>>> = {
    "a path that climbs": { path: "../x" },
    "an absolute path": { path: "/x" },
    "an empty component": { path: "a//b" },
    "a dot": { path: "a/./b" },
    "a trailing slash": { path: "a/" },
    "an empty path": { path: "" },
    "a hard link that climbs": { type: "hardlink", link: "../x" },
    "an attribute of overlayfs": { xattrs: [["trusted.overlay.redirect", Buffer.from("/")]] },
    "an attribute of ours": { xattrs: [["user.tsbuild.owner", Buffer.from("0:0")]] },
    "the device of a deletion": { type: "char" },
  };
  for (const [what, change] of Object.entries(bad))
    it(`is refused by the helper itself: ${what}`, async () => {
      async function* entries(): AsyncGenerator<LayerEntry> {
        yield await Promise.resolve({ ...entry, ...change });
      }
      await assert.rejects(
        box.sandbox.apply(
          {
            root: writable(`tampered-${++count}`),
            path: "",
            mode: "layer",
            owner: { kind: "keep" },
            madeTime: 0,
          },
          entries(),
          signal,
        ),
        (error) =>
          isTsbuildError(
            error,
            what === "the device of a deletion" ? "SANDBOX_SYSTEM" : "SANDBOX_BAD_ENTRY",
          ),
      );
    });
  it("is refused when the content is not as long as it said", async () => {
    for (const size of [1, 5])
      await assert.rejects(
        box.sandbox.apply(
          {
            root: writable(`tampered-${++count}`),
            path: "",
            mode: "layer",
            owner: { kind: "keep" },
            madeTime: 0,
          },
          (async function* (): AsyncGenerator<LayerEntry> {
            const content = (async function* (): AsyncGenerator<Uint8Array> {
              yield await Promise.resolve(Buffer.from("abc"));
            })();
            yield await Promise.resolve({ ...entry, size, content });
          })(),
          signal,
        ),
        (error) => isTsbuildError(error, "SANDBOX_BAD_REQUEST"),
      );
  });
});

describe("removing", () => {
  it("takes a tree away, whoever owns it, and follows nothing", async () => {
    await applyLayer(
      box,
      "doomed",
      tarOf(
        { name: "d/", type: "5", mode: 0 },
        { name: "d/e/f", content: "x", uid: 5 },
        { name: "l", type: "2", link: canary },
        { name: "deep", pax: { path: `${"d/".repeat(900)}x` } },
      ),
    );
    await box.sandbox.remove(["doomed", "never-there"] as never, signal);
    assert.equal(canaryState(), before_);
    assert.ok(!readdirSync(join(box.store, "snapshots")).includes("doomed"));
  });
  it("takes a tree away that is deeper than any path", async () => {
    // Put together from pieces that can be named: each new one takes the last at its bottom.
    const top = box.layer("abyss");
    const piece = Array<string>(300).fill("deeper").join("/");
    for (let i = 0; i < 8; i++) {
      mkdirSync(join(top, `next/${piece}`), { recursive: true });
      if (i > 0) renameSync(join(top, "whole"), join(top, `next/${piece}/whole`));
      renameSync(join(top, "next"), join(top, "whole"));
    }
    const found = await diffOf(box, writable("abyss")).catch((error: unknown) => error);
    assert.ok(isTsbuildError(found, "SANDBOX_SYSTEM"), "a layer cannot name it");
    await box.sandbox.remove(["abyss"] as never, signal);
    assert.ok(!readdirSync(join(box.store, "snapshots")).includes("abyss"));
  });
});
