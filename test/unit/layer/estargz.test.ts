// SPDX-License-Identifier: Apache-2.0
// eStargz layers: what a reader of the format finds, what a reader of plain gzip finds, and what is refused.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { packLayer, readLayer, type PackedLayer } from "#src/layer/index.js";
import { digestFromHex } from "#src/oci/index.js";
import { readEstargz } from "../../support/estargz.js";
import { inPieces, tarOf, type RawEntry } from "../../support/tar-builder.js";

const mebi = 1 << 20;
const hex = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function pack(
  tar: Buffer,
  options: { readonly level?: number; readonly pieces?: number } = {},
): Promise<PackedLayer & { readonly blob: Buffer }> {
  const { level, pieces } = options;
  let blob: Buffer = Buffer.alloc(0);
  const packed = await packLayer(
    { stream: inPieces(tar, pieces), done: Promise.resolve() },
    {
      compression: "estargz",
      ...(level === undefined ? {} : { level }),
      signal: new AbortController().signal,
      write: async (bytes) => {
        const parts: Uint8Array[] = [];
        for await (const part of bytes) parts.push(part);
        blob = Buffer.concat(parts);
        return { digest: digestFromHex(hex(blob)), size: blob.length };
      },
    },
  );
  return { ...packed, blob };
}

const large = Buffer.concat([randomBytes(5 * mebi), Buffer.alloc(5 * mebi, "abc")]);
const exact = randomBytes(4 * mebi);
const entries: readonly RawEntry[] = [
  { name: "bin/", type: "5", mode: 0o755 },
  { name: "bin/tool", content: "#!/bin/sh\n", mode: 0o4755, uid: 5, gid: 6, mtime: 1_600_000_000 },
  { name: "bin/empty" },
  { name: "bin/large", content: large, pax: { "SCHILY.xattr.user.a": "\0\xff" } },
  { name: "bin/exact", content: exact },
  { name: "bin/link", type: "2", link: "tool" },
  { name: "bin/hard", type: "1", link: "bin/tool" },
  { name: "fifo", type: "6" },
  { name: "short", pax: { path: `${"d/".repeat(200)}\xc3\xbc` }, content: "long name" },
  { name: "d/.wh.gone" },
];

void describe("an estargz layer", () => {
  const tar = tarOf(...entries);

  void it("gives every file to a reader of the table, chunk by chunk", async () => {
    for (const level of [undefined, 0, 1, 9]) {
      const { blob, annotations } = await pack(tar, level === undefined ? {} : { level });
      const { rows, tocDigest, files, decompressed } = readEstargz(blob);
      assert.deepEqual(
        rows.filter(({ type }) => type !== "chunk").map(({ name }) => name),
        entries.map(({ name, pax }) => pax?.["path"]?.replace("\xc3\xbc", "ü") ?? name),
      );
      assert.ok(files.get("bin/large")?.equals(large) && files.get("bin/exact")?.equals(exact));
      assert.equal(files.get("bin/tool")?.toString(), "#!/bin/sh\n");
      assert.deepEqual(annotations, {
        "containerd.io/snapshot/stargz/toc.digest": tocDigest,
        "io.containers.estargz.uncompressed-size": String(decompressed.length),
      });
    }
  });
  void it("has rows with what the headers say", async () => {
    const { rows } = readEstargz((await pack(tar)).blob);
    const row = (name: string): object => {
      const found = rows.find((candidate) => candidate.name === name) ?? assert.fail(name);
      const { offset: _offset, digest: _digest, chunkDigest: _chunk, ...rest } = found;
      return rest;
    };
    assert.deepEqual(row("bin/"), { name: "bin/", type: "dir", mode: 0o755, uid: 0, gid: 0 });
    assert.deepEqual(row("bin/tool"), {
      name: "bin/tool",
      type: "reg",
      size: 10,
      modtime: "2020-09-13T12:26:40Z",
      mode: 0o4755,
      uid: 5,
      gid: 6,
    });
    assert.deepEqual(row("bin/large"), {
      name: "bin/large",
      type: "reg",
      size: large.length,
      mode: 0o644,
      uid: 0,
      gid: 0,
      xattrs: { "user.a": "AP8=" },
      chunkSize: 4 * mebi,
    });
    assert.deepEqual(
      rows.filter(({ type }) => type === "chunk").map((c) => [c.name, c.chunkOffset, c.chunkSize]),
      [
        ["bin/large", 4 * mebi, 4 * mebi],
        ["bin/large", 8 * mebi, undefined],
      ],
    );
    assert.equal(rows.find(({ name }) => name === "bin/exact")?.chunkSize, undefined);
    const link = { mode: 0o644, uid: 0, gid: 0 };
    assert.deepEqual(row("bin/link"), {
      name: "bin/link",
      type: "symlink",
      linkName: "tool",
      ...link,
    });
    assert.deepEqual(row("bin/hard"), {
      name: "bin/hard",
      type: "hardlink",
      linkName: "bin/tool",
      ...link,
    });
  });
  void it("is the tar and then the table's to a reader of gzip, and its diffID says so", async () => {
    const { blob, diffId, tarId, digest } = await pack(tar);
    const { decompressed } = readEstargz(blob);
    assert.ok(decompressed.subarray(0, tar.length).equals(tar));
    assert.equal(tarId, `sha256:${hex(tar)}`);
    assert.equal(diffId, `sha256:${hex(decompressed)}`);
    assert.equal(digest, `sha256:${hex(blob)}`);
    const names: string[] = [];
    for await (const { path } of readLayer(inPieces(blob), { diffId })) names.push(path);
    assert.equal(names.length, entries.length);
    assert.ok(!names.includes("stargz.index.json"));
    const listed = execFileSync("tar", ["-tzf", "-"], {
      input: blob,
      stdio: ["pipe", "pipe", "ignore"],
    });
    assert.equal(listed.toString().trimEnd().split("\n").length, entries.length);
  });
  void it("is the same bytes however the tar comes in", async () => {
    const { blob } = await pack(tar);
    for (const pieces of [777, 512, 3 * mebi])
      assert.ok((await pack(tar, { pieces })).blob.equals(blob), `in pieces of ${pieces}`);
  });
  void it("can be of nothing, and of very many headers", async () => {
    assert.deepEqual(readEstargz((await pack(tarOf())).blob).rows, []);
    assert.deepEqual(readEstargz((await pack(Buffer.alloc(0))).blob).rows, []);
    const many = Array.from({ length: 40_000 }, (_, i) => ({ name: `${i}`, type: "5" }));
    const { rows } = readEstargz((await pack(tarOf(...many, { name: "x", content: "y" }))).blob);
    assert.equal(rows.length, 40_001);
  });
  for (const [name, format] of [
    ["GNU's long names", "gnu"],
    ["old headers", "v7"],
    ["PAX", "posix"],
  ] as const)
    void it(`takes what tar writes: ${name}`, async () => {
      const names = ["package.json", "src/layer", ...(format === "v7" ? [] : ["test/fuzz"])];
      const long = format === "v7" ? [] : ["--transform", `s,^,${"long/".repeat(40)},`];
      const made = execFileSync("tar", [`--format=${format}`, ...long, "-cf", "-", ...names], {
        maxBuffer: 1 << 28,
      });
      const { rows, files } = readEstargz((await pack(made)).blob);
      const listed = execFileSync("tar", ["-tf", "-"], {
        input: made,
        stdio: ["pipe", "pipe", "ignore"],
      });
      assert.deepEqual(rows.map((row) => row.name).join("\n"), listed.toString().trimEnd());
      assert.ok(files.size > 5);
    });

  for (const [why, code, bytes] of [
    [
      "a file of the table's name",
      "LAYER_ENTRY",
      tarOf({ name: "./stargz.index.json", content: "{}" }),
    ],
    ["a sparse file", "LAYER_ENTRY", tarOf({ name: "s", pax: { "GNU.sparse.major": "1" } })],
    ["a type that it does not know", "LAYER_ENTRY", tarOf({ name: "v", type: "V" })],
    ["a tar that is cut off", "LAYER_TAR", tar.subarray(0, 5 * mebi)],
    ["a damaged header", "LAYER_TAR", Buffer.concat([Buffer.alloc(512, "a"), tar])],
    ["half an end mark", "LAYER_TAR", Buffer.concat([Buffer.alloc(512), tar])],
  ] as const)
    void it(`is not made of ${why}`, async () => {
      await assert.rejects(pack(bytes), (error) => isTsbuildError(error, code));
    });
});
