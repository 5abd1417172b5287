// SPDX-License-Identifier: Apache-2.0
// From a changed root filesystem to a layer and back: what is written, what is left out, and that nothing is lost.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { packLayer } from "#src/layer/index.js";
import { digestFromHex } from "#src/oci/index.js";
import { applyLayer, diffOf, id, listTar, stack, treeOf, writable } from "../support/layers.js";
import { asRoot, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { tarOf } from "../support/tar-builder.js";
import { makeTree, readTree } from "../support/tree.js";

let box: SandboxFixture;
let count = 0;
before(() => {
  box = sandboxFixture();
});
after(async () => box[Symbol.asyncDispose]());

const withCode = (code: string) => (error: unknown) => isTsbuildError(error, code);

/** Runs a command on base and one more layer, and gives the tar of what it changed. */
async function changed(command: string, lower = "lower"): Promise<{ tar: Buffer; upper: string }> {
  const upper = `changed-${++count}`;
  const root = writable(upper, "base", lower);
  const { result, stderr } = await box.step(command, { root });
  assert.deepEqual(result, { kind: "exited", code: 0 }, stderr);
  return { tar: await diffOf(box, root), upper };
}

describe("the layer of a change", () => {
  before(() => {
    makeTree(box.layer("lower"), {
      "data/keep": { file: "keep", mtime: 1000 },
      "data/gone": "gone",
      "data/sub/deep/file": "deep",
      "data/sub/other": "other",
      "links/a": "same",
      "links/b": { hardlink: "links/a" },
      "to-file/x": "x",
      "to-dir": "a file",
      "to-link/y": "y",
      "data/link": { symlink: "keep" },
    });
  });

  it("of no change is an empty tar", async () => {
    const { tar } = await changed("true");
    assert.equal(tar.length, 1024);
    assert.ok(tar.equals(Buffer.alloc(1024)));
  });
  it("has deletions as marks, and only for what is below", async () => {
    const { tar } = await changed(
      "rm /data/gone; rm -r /data/sub; echo x >/data/new; rm /data/new",
    );
    assert.deepEqual(await listTar(tar), ["dir data", "file data/.wh.gone", "file data/.wh.sub"]);
  });
  it("marks with mode 0, no owner and no time", async () => {
    const { tar } = await changed("rm /data/gone");
    const at = tar.indexOf("data/.wh.gone");
    assert.equal(
      tar
        .toString("latin1", at + 100, at + 148)
        .replaceAll("\0", " ")
        .trim(),
      "0000000 0000000 0000000 00000000000 00000000000",
    );
  });
  it("hides the children of a directory that was made anew, one by one", async () => {
    const { tar, upper } = await changed(
      "rm -r /data/sub; mkdir -p /data/sub/deep; echo 1 >/data/sub/fresh",
    );
    const lines = await listTar(tar);
    assert.deepEqual(lines, [
      "dir data",
      "dir data/sub",
      "dir data/sub/deep",
      "file data/sub/deep/.wh.file",
      "file data/sub/fresh",
      "file data/sub/.wh.other",
    ]);
    await applyLayer(box, `${upper}-again`, tar);
    const merged = await treeOf(box, stack("base", "lower", `${upper}-again`));
    assert.deepEqual(
      merged.filter(({ path }) => path.startsWith("data/sub")).map(({ path }) => path),
      ["data/sub", "data/sub/deep", "data/sub/fresh"],
    );
  });
  it("writes what changed its type as what it is now", async () => {
    const { tar } = await changed(
      "rm -r /to-file; echo f >/to-file; rm /to-dir; mkdir /to-dir; echo z >/to-dir/z; rm -r /to-link; ln -s data /to-link",
    );
    assert.deepEqual(await listTar(tar), [
      "dir to-dir",
      "file to-dir/z",
      "file to-file",
      "symlink to-link -> data",
    ]);
  });
  it("leaves out what was written and is as before", async () => {
    const { tar } = await changed(
      "echo no >/data/keep; echo -n keep >/data/keep; touch -d @1000 /data/keep; chmod 600 /to-link/y; chmod 644 /to-link/y",
    );
    assert.deepEqual(await listTar(tar), []);
  });
  it("has a file whose bytes changed although its size and time did not", async () => {
    const { tar } = await changed(
      "touch -r /data/keep /tmp/t; echo -n KEEP >/data/keep; touch -r /tmp/t /data/keep; rm /tmp/t",
    );
    assert.ok((await listTar(tar)).includes("file data/keep"));
  });
  it("has the whole group when a link to an unchanged file is made", async () => {
    const { tar } = await changed("ln /data/keep /data/second");
    assert.deepEqual(await listTar(tar), [
      "dir data",
      "file data/keep",
      "hardlink data/second -> data/keep",
    ]);
  });
  it("has only the name that was written when a link of two was", async () => {
    const { tar } = await changed("echo more >>/links/a");
    const lines = await listTar(tar);
    assert.ok(
      lines.includes("file links/a") && !lines.some((line) => line.includes("links/b")),
      lines.join(),
    );
  });
  it("says that files of the same bytes and time became one, and that one became two", async () => {
    const joined = await changed("cp -p /links/a /links/c && ln -f /links/c /links/a");
    assert.deepEqual(await listTar(joined.tar), [
      "dir links",
      "file links/a",
      "hardlink links/c -> links/a",
    ]);
    const parted = await changed("chmod 644 /links/a");
    assert.deepEqual(await listTar(parted.tar), ["dir links", "file links/a"]);
  });
  it("skips sockets, and removes what one took the place of", async () => {
    const { upper } = await changed("echo new >/data/new");
    const sockets = ["data/keep", "data/other-socket"].map((name) =>
      createServer().listen(join(box.layer(upper), name)),
    );
    try {
      const tar = await diffOf(box, writable(upper, "base", "lower"));
      assert.deepEqual(await listTar(tar), ["dir data", "file data/.wh.keep", "file data/new"]);
    } finally {
      for (const socket of sockets) socket.close();
    }
  });
  it("leaves out attributes whose names no archive can say", async () => {
    const { upper, tar } = await changed("echo x >/data/attributed");
    assert.ok(!tar.includes("user.a=b"));
    const path = join(box.layer(upper), "data/attributed");
    execFileSync("setfattr", ["-n", "user.a=b", "-v", "c", path]);
    execFileSync("setfattr", ["-n", "user.kept", "-v", "c", path]);
    const again = await diffOf(box, writable(upper, "base"), "layer");
    assert.ok(again.includes("SCHILY.xattr.user.kept=c") && !again.includes("user.a"));
  });
  it("refuses a file that would mean a deletion", async () => {
    await assert.rejects(changed("echo >/data/.wh.keep"), withCode("SANDBOX_WHITEOUT_NAME"));
  });
  it("follows no symlink", async () => {
    const { tar } = await changed("ln -s /etc /data/etc; ln -s ../../../../etc/passwd /data/up");
    assert.deepEqual(await listTar(tar), [
      "dir data",
      "symlink data/etc -> /etc",
      "symlink data/up -> ../../../../etc/passwd",
    ]);
  });
  it("goes through a renamed directory", async () => {
    const { tar } = await changed("mv /data/sub /data/moved");
    assert.deepEqual(await listTar(tar), [
      "dir data",
      "dir data/moved",
      "dir data/moved/deep",
      "file data/moved/deep/file",
      "file data/moved/other",
      "file data/.wh.sub",
    ]);
  });
  it("clamps times on request", async () => {
    const upper = `changed-${++count}`;
    await box.step("echo 1 >/new", { root: writable(upper, "base") });
    const tar = await diffOf(box, writable(upper, "base"), "layer", 1000);
    assert.equal(parseInt(tar.toString("latin1", 136, 147), 8), 1000);
  });
});

describe("a tree through a layer and back", () => {
  it("is the same tree", async () => {
    const source = join(box.directory, "source");
    const long = "n".repeat(120);
    makeTree(source, {
      "plain.txt": { file: "text", mode: 0o640, mtime: 1_000_000_000 },
      "set-id": { file: "x", mode: 0o6755 },
      sticky: { dir: true, mode: 0o1777, mtime: 12345 },
      "empty dir": { dir: true, mode: 0o700 },
      [`${long}/${long}/${long}`]: { file: "deep", mtime: 1 },
      old: { file: "before 1970", mtime: -1000 },
      far: { file: "after 2106", mtime: 5_000_000_000 },
      "größe/ünï": "unicode",
      "new\nline": "x",
      " leading": "x",
      "back\\slash": "x",
      link: { symlink: "t".repeat(300) },
      "link-up": { symlink: "../../../etc/passwd" },
      h1: "linked",
      "z/h2": { hardlink: "h1" },
      fifo: { fifo: true, mode: 0o600 },
      big: { file: Buffer.alloc(3_000_000, "block") },
    });
    writeFileSync(
      Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0xfe, 0x41])]),
      "bytes",
    );
    await using reader = await box.sandbox.openTree(
      { kind: "directory", path: source },
      AbortSignal.timeout(60_000),
    );
    const list = (await reader.list("")) ?? [];
    await box.sandbox.copy(
      {
        source: { kind: "directory", path: source },
        destination: writable("t1"),
        owner: { kind: "keep" },
        madeTime: 0,
      },
      [
        { op: "target", path: "/", as: "dir", name: "", parentMode: 0o755 },
        ...list
          .filter(({ path }) => path !== "")
          .map(
            ({ path }) =>
              ({ op: "entry", from: path, to: path, follow: false, merge: "set" }) as const,
          ),
      ],
      AbortSignal.timeout(60_000),
    );
    const tar = await diffOf(box, writable("t1"));
    await applyLayer(box, "t2", tar);
    const [one, two] = [await treeOf(box, stack("t1")), await treeOf(box, stack("t2"))];
    assert.equal(one.length, list.length);
    assert.deepEqual(two.slice(1), one.slice(1));
    assert.ok(
      (await diffOf(box, writable("t2"))).equals(tar),
      "the second layer is the first, byte for byte",
    );
  });

  it("keeps file capabilities and user attributes", async () => {
    const capability =
      "\x01\x00\x00\x02\x80\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    const tar = tarOf({
      name: "ping",
      mode: 0o755,
      content: "x",
      mtime: 5,
      pax: { "SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.note": "\xff\x00" },
    });
    await applyLayer(box, "caps", tar);
    const [, ping] = await treeOf(box, stack("caps"));
    assert.deepEqual(ping?.xattrs, [
      ["security.capability", Buffer.from(capability, "latin1").toString("hex")],
      ["user.note", "ff00"],
    ]);
    await applyLayer(box, "caps-again", await diffOf(box, writable("caps")));
    assert.deepEqual((await treeOf(box, stack("caps-again")))[1], ping);
  });

  it("keeps owners of every size", async () => {
    const tar = tarOf(
      { name: "a", uid: 1000, gid: 42, mtime: 1 },
      { name: "b", uid: 33, gid: 0, type: "2", link: "a", mode: 0o777, mtime: 1 },
    );
    await applyLayer(box, "owners", tar);
    assert.ok((await diffOf(box, writable("owners"))).equals(tar));
  });

  it("keeps deletion marks for what is below", async () => {
    const below = tarOf(
      { name: "d/", type: "5", mode: 0o755 },
      { name: "d/a" },
      { name: "d/b" },
      { name: "e/", type: "5", mode: 0o755 },
      { name: "e/c" },
    );
    const above = tarOf(
      { name: "d/", type: "5", mode: 0o755 },
      { name: "d/.wh.a" },
      { name: "e/.wh..wh..opq" },
      { name: "e/n" },
    );
    await applyLayer(box, "below", below);
    await applyLayer(box, "above", above);
    const paths = (await treeOf(box, stack("below", "above"))).map(({ path }) => path);
    assert.deepEqual(paths, ["", "d", "d/b", "e", "e/n"]);
    const again = await diffOf(box, writable("above", "below"));
    assert.deepEqual(await listTar(again), [
      "dir d",
      "file d/.wh.a",
      "dir e",
      "file e/.wh.c",
      "file e/n",
    ]);
  });

  it("lets marks only hide what is below, wherever in the tar they stand", async () => {
    await applyLayer(box, "m0", tarOf({ name: "d/old" }, { name: "f" }));
    for (const [name, tar] of [
      [
        "m1",
        tarOf({ name: "d/new" }, { name: ".wh.d" }, { name: "f", content: "1" }, { name: ".wh.f" }),
      ],
      [
        "m2",
        tarOf({ name: ".wh.d" }, { name: "d/new" }, { name: ".wh.f" }, { name: "f", content: "1" }),
      ],
      ["m3", tarOf({ name: "d/new" }, { name: "d/.wh..wh..opq" }, { name: "f", content: "1" })],
    ] as const) {
      await applyLayer(box, name, tar);
      const paths = (await treeOf(box, stack("m0", name))).map(
        ({ path, size }) => `${path} ${size}`,
      );
      assert.deepEqual(
        paths.filter((path) => !path.startsWith(" ")),
        ["d 0", "d/new 0", "f 1"],
        name,
      );
    }
  });

  it("lists no mark as a file where nothing is below it, or all of that is hidden", async () => {
    await applyLayer(box, "w0", tarOf({ name: "d/old" }));
    for (const [name, tar, expected] of [
      ["w1", tarOf({ name: "n/.wh.x" }, { name: "n/y" }), ["d", "d/old", "n", "n/y"]],
      [
        "w2",
        tarOf({ name: "d/.wh.old" }, { name: "d/.wh..wh..opq" }, { name: "d/y" }),
        ["d", "d/y"],
      ],
    ] as const) {
      await applyLayer(box, name, tar);
      const paths = (await treeOf(box, stack("w0", name))).map(({ path }) => path);
      assert.deepEqual(paths, ["", ...expected], name);
    }
  });

  it("takes what is below a deleted name for deleted, too", async () => {
    await applyLayer(box, "n0", tarOf({ name: "d/e/old" }, { name: "f" }));
    for (const [name, tar, expected] of [
      ["n1", tarOf({ name: ".wh.d" }, { name: "d/.wh.e" }, { name: "d/e/.wh.old" }), ["f"]],
      ["n2", tarOf({ name: ".wh.d" }, { name: "d/.wh.e" }, { name: "d/new" }), ["d", "d/new", "f"]],
    ] as const) {
      await applyLayer(box, name, tar);
      const paths = (await treeOf(box, stack("n0", name))).map(({ path }) => path);
      assert.deepEqual(paths, ["", ...expected], name);
    }
  });

  it("makes no hard link to a name that the same layer deletes", async () => {
    await applyLayer(box, "g0", tarOf({ name: "gone", content: "g" }));
    const tar = tarOf({ name: ".wh.gone" }, { name: "link", type: "1", link: "gone" });
    await assert.rejects(applyLayer(box, "g1", tar, stack("g0")), withCode("SANDBOX_LINK_TARGET"));
  });

  it("makes no hard link through a symlink below, nor to one", async () => {
    await applyLayer(box, "s0", tarOf({ name: "usr/file" }, { name: "s", type: "2", link: "usr" }));
    const tar = tarOf({ name: "link", type: "1", link: "s/file" });
    await assert.rejects(applyLayer(box, "s1", tar, stack("s0")), withCode("SANDBOX_LINK_TARGET"));
    const toLink = tarOf({ name: "link", type: "1", link: "s" });
    await assert.rejects(
      applyLayer(box, "s2", toLink, stack("s0")),
      withCode("SANDBOX_LINK_TARGET"),
    );
  });

  it("brings a hard link's target up from below", async () => {
    await applyLayer(box, "l0", tarOf({ name: "d/target", content: "t", mode: 0o600, mtime: 7 }));
    const tar = tarOf({ name: "link", type: "1", link: "d/target" });
    await assert.rejects(applyLayer(box, "l1", tar), withCode("SANDBOX_LINK_TARGET"));
    await applyLayer(box, "l2", tar, stack("l0"));
    const tree = await treeOf(box, stack("l0", "l2"));
    assert.deepEqual(
      tree.map(({ path, hash, nlink }) => [path, hash.slice(0, 2), nlink]).slice(2),
      [
        ["d/target", createHash("sha256").update("t").digest("hex").slice(0, 2), 2],
        ["link", "= ", 2],
      ],
    );
  });

  it("tells which directories nothing described, and gives them the looks of those below", async () => {
    await applyLayer(
      box,
      "i0",
      tarOf(
        { name: "a/", type: "5", mode: 0o711, uid: 3, mtime: 99 },
        { name: "a/b/", type: "5", mode: 0o750 },
      ),
    );
    const { impliedDirectories } = await applyLayer(box, "i1", tarOf({ name: "a/b/c/file" }));
    assert.deepEqual([...impliedDirectories].sort(), ["a", "a/b", "a/b/c"]);
    await box.sandbox.inheritDirectories(
      id("i1"),
      [id("i0")],
      impliedDirectories,
      AbortSignal.timeout(10_000),
    );
    const tree = await treeOf(box, stack("i1"));
    assert.deepEqual(
      tree.slice(1).map(({ path, mode, uid, mtimeNs }) => [path, mode, uid, mtimeNs]),
      [
        ["a", 0o711, 3, "99000000000"],
        ["a/b", 0o750, 0, "0"],
        ["a/b/c", 0o755, 0, "0"],
        ["a/b/c/file", 0o644, 0, "0"],
      ],
    );
  });
});

describe("a layer in another tool's hands", () => {
  const missing = spawnSync("umoci", ["--version"]).error !== undefined;
  it(
    "unpacks to the same tree with umoci",
    { skip: missing ? "umoci is not installed" : false },
    async () => {
      const tar = await diffOf(box, stack("base"), "tree");
      const { tar: second } = await changed(
        "rm -r /data/sub /data/gone; mkdir /data/sub; ln /data/keep /data/second; chmod 700 /etc; echo é >/data/ü",
      );
      const lowerTar = await diffOf(box, writable("lower"));
      const layout = join(box.directory, "layout");
      const blobs = join(layout, "blobs/sha256");
      mkdirSync(blobs, { recursive: true });
      const write = (
        bytes: Uint8Array,
      ): { digest: ReturnType<typeof digestFromHex>; size: number } => {
        const hex = createHash("sha256").update(bytes).digest("hex");
        writeFileSync(join(blobs, hex), bytes);
        return { digest: digestFromHex(hex), size: bytes.length };
      };
      const layers = [];
      const diffIds = [];
      for (const bytes of [tar, lowerTar, second]) {
        const stream = (async function* (): AsyncGenerator<Uint8Array> {
          yield await Promise.resolve(bytes);
        })();
        const packed = await packLayer(
          { stream, done: Promise.resolve() },
          {
            compression: "gzip",
            signal: AbortSignal.timeout(60_000),
            write: async (source) => {
              const parts: Uint8Array[] = [];
              for await (const chunk of source) parts.push(chunk);
              return write(Buffer.concat(parts));
            },
          },
        );
        diffIds.push(packed.diffId);
        layers.push({
          mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
          digest: packed.digest,
          size: packed.size,
        });
      }
      const json = (value: unknown): ReturnType<typeof write> =>
        write(Buffer.from(JSON.stringify(value)));
      const config = json({
        architecture: "amd64",
        os: "linux",
        config: {},
        rootfs: { type: "layers", diff_ids: diffIds },
      });
      const manifest = json({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
        layers,
      });
      writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
      writeFileSync(
        join(layout, "index.json"),
        JSON.stringify({
          schemaVersion: 2,
          manifests: [
            {
              mediaType: "application/vnd.oci.image.manifest.v1+json",
              ...manifest,
              annotations: { "org.opencontainers.image.ref.name": "t" },
            },
          ],
        }),
      );
      const out = join(box.directory, "unpacked");
      execFileSync(
        "umoci",
        ["unpack", ...(asRoot ? [] : ["--rootless"]), "--image", `${layout}:t`, out],
        { stdio: "pipe" },
      );
      const theirs = readTree(join(out, "rootfs"));
      const ours = await treeOf(box, stack("base", "lower", `changed-${count}`));
      const facts = ours
        .slice(1)
        .map(({ path, type, mode, link, nlink }) => [
          path,
          type,
          mode.toString(8),
          link,
          nlink > 1,
        ]);
      assert.deepEqual(
        Object.entries(theirs).map(([path, { type, mode, content }]) => [
          path,
          type,
          mode,
          type === "symlink" ? content : "",
          ours.find((entry) => entry.path === path)?.nlink !== 1 &&
            facts.some(([p, , , , l]) => p === path && l === true),
        ]),
        facts,
      );
    },
  );
});
