// SPDX-License-Identifier: Apache-2.0
// Reading tars: what entries become, what is refused, what is bounded.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  detectArchive,
  readArchive,
  readLayer,
  type LayerEntry,
  type LayerLimits,
} from "#src/layer/index.js";
import { asDiffId, parseDigest } from "#src/oci/index.js";
import {
  entryBytes,
  header,
  inPieces,
  sign,
  tarOf,
  type RawEntry,
} from "../../support/tar-builder.js";

interface Read {
  readonly entry: LayerEntry;
  readonly content: Buffer;
}

async function collect(entries: AsyncIterable<LayerEntry>): Promise<Read[]> {
  const all: Read[] = [];
  for await (const entry of entries) {
    const parts: Uint8Array[] = [];
    for await (const chunk of entry.content ?? []) parts.push(chunk);
    all.push({ entry, content: Buffer.concat(parts) });
  }
  return all;
}

function diffIdOf(tar: Buffer): ReturnType<typeof asDiffId> {
  return asDiffId(parseDigest(`sha256:${createHash("sha256").update(tar).digest("hex")}`));
}

async function layer(tar: Buffer, limits: Partial<LayerLimits> = {}): Promise<Read[]> {
  return collect(readLayer(inPieces(tar), { diffId: diffIdOf(tar), limits }));
}

async function archive(tar: Buffer, pieces?: number): Promise<Read[]> {
  return collect(readArchive(inPieces(tar, pieces)));
}

function withCode(code: string): (error: unknown) => boolean {
  return (error) => isTsbuildError(error, code);
}

/** Puts a number into a field of eight bytes, in binary. */
function binary(at: number, number: bigint): (block: Buffer) => void {
  return (block) => {
    block.writeBigInt64BE(number, at);
    if (number >= 0n) block[at] = 0x80;
    sign(block);
  };
}

async function only(entry: RawEntry): Promise<LayerEntry> {
  const [first] = await layer(tarOf(entry));
  assert.ok(first !== undefined);
  return first.entry;
}

describe("names of entries", () => {
  for (const [name, path] of [
    ["a/b", "a/b"],
    ["/a/b", "a/b"],
    ["./a//b/", "a/b"],
    ["a/./b", "a/b"],
    ["a/../b", "b"],
    ["a/b/../../c", "c"],
    ["with\nnewline", "with\nnewline"],
    ["back\\slash", "back\\slash"],
  ] as const)
    it(`reads ${JSON.stringify(name)} as ${JSON.stringify(path)}`, async () => {
      assert.equal((await only({ name, type: "5" })).path, path);
    });

  for (const name of ["../a", "a/../../b", "..", "/..", "./../x", "a/../../../../etc/passwd"])
    it(`refuses ${JSON.stringify(name)}, which leads out`, async () => {
      await assert.rejects(layer(tarOf({ name, content: "x" })), withCode("LAYER_ENTRY"));
      await assert.rejects(archive(tarOf({ name, content: "x" })), withCode("LAYER_ENTRY"));
    });

  it("refuses a NUL byte in an extended name", async () => {
    await assert.rejects(
      layer(tarOf({ name: "a", pax: { path: "a\0b" } })),
      withCode("LAYER_ENTRY"),
    );
  });

  it("keeps names that are not UTF-8, from the header and from PAX", async () => {
    assert.equal((await only({ name: "x\xff\xfe" })).path, "x\udcff\udcfe");
    assert.equal((await only({ name: "a", pax: { path: "d/\xc3\xa9\x80" } })).path, "d/é\udc80");
  });

  it("refuses components of more than 255 bytes and paths of more than 4095", async () => {
    const long = withCode("LAYER_LIMIT");
    await assert.rejects(layer(tarOf({ name: "a", pax: { path: "x".repeat(256) } })), long);
    await assert.rejects(
      layer(tarOf({ name: "a", pax: { path: `${"x/".repeat(900)}y`, uid: "1" } }), { depth: 800 }),
      long,
    );
    await assert.rejects(
      layer(tarOf({ name: "a", pax: { path: Array<string>(20).fill("y".repeat(250)).join("/") } })),
      long,
    );
  });

  it("takes the deletion of a name that is as long as names can be", async () => {
    const name = "n".repeat(255);
    const { type, path } = await only({ name: "a", pax: { path: `d/.wh.${name}` } });
    assert.deepEqual([type, path], ["whiteout", `d/${name}`]);
    const longer = tarOf({ name: "a", pax: { path: `d/.wh.${name}n` } });
    await assert.rejects(layer(longer), withCode("LAYER_LIMIT"));
  });

  it("takes the top directory's entry, and refuses anything else in its place", async () => {
    assert.equal((await only({ name: "./", type: "5" })).path, "");
    for (const name of [".", "./", "/", "a/.."])
      await assert.rejects(
        layer(tarOf({ name, type: "2", link: "/etc" })),
        withCode("LAYER_ENTRY"),
      );
  });
});

describe("links and devices", () => {
  it("cleans the target of a hard link and leaves that of a symlink alone", async () => {
    assert.equal((await only({ name: "h", type: "1", link: "/a/./b" })).link, "a/b");
    assert.equal(
      (await only({ name: "s", type: "2", link: "../../../x//y" })).link,
      "../../../x//y",
    );
  });
  it("refuses hard links that lead out or name nothing", async () => {
    for (const link of ["../x", "a/../../x", "", "/"])
      await assert.rejects(layer(tarOf({ name: "h", type: "1", link })), withCode("LAYER_ENTRY"));
  });
  it("takes no content for a link, whatever size its header gives", async () => {
    const entries = await layer(
      tarOf(
        { name: "a", content: "1" },
        { name: "h", type: "1", link: "a", size: 1024 },
        { name: "b" },
      ),
    );
    assert.deepEqual(
      entries.map(({ entry }) => [entry.path, entry.size]),
      [
        ["a", 1],
        ["h", 0],
        ["b", 0],
      ],
    );
  });
  it("refuses the device that overlayfs takes for a deletion", async () => {
    await assert.rejects(layer(tarOf({ name: "d", type: "3" })), withCode("LAYER_ENTRY"));
    const { devMajor, devMinor } = await only({ name: "d", type: "3", devMajor: 1, devMinor: 3 });
    assert.deepEqual([devMajor, devMinor], [1, 3]);
  });
  it("refuses device numbers that are negative or too large", async () => {
    for (const type of ["3", "4"])
      for (const at of [329, 337])
        for (const number of [-1n, -2n, 1n << 32n]) {
          const tar = tarOf({
            name: "d",
            type,
            devMajor: 1,
            devMinor: 3,
            edit: binary(at, number),
          });
          await assert.rejects(layer(tar), (error) =>
            ["LAYER_ENTRY", "LAYER_TAR"].some((code) => isTsbuildError(error, code)),
          );
        }
  });
  it("refuses types that it does not know", async () => {
    for (const type of ["V", "N"]) {
      const tar = tarOf({ name: "x", type, content: "evil" }, { name: "y" });
      await assert.rejects(layer(tar), withCode("LAYER_ENTRY"));
    }
  });
  it("takes files without a type whose names end with a slash for directories", async () => {
    for (const entry of [{ name: "dir/" }, { name: "dir", pax: { path: "dir/" } }]) {
      assert.equal((await only({ ...entry, type: "\0" })).type, "dir");
      assert.equal((await only({ ...entry, type: "0" })).type, "file");
    }
  });
  it("finds the front of a name in a GNU header, where it is no time", async () => {
    const gnu = (front: string) => (block: Buffer) => {
      block.write("ustar  \0", 257);
      block.write(front, 345, "latin1");
      sign(block);
    };
    assert.equal((await only({ name: "f", edit: gnu("a/b") })).path, "a/b/f");
    for (const time of ["15000000000\x0015000000000\0", "\x80\0\0\0\0\0\0\x01"])
      assert.equal((await only({ name: "f", edit: gnu(time) })).path, "f");
    const named = { name: "f", edit: gnu("a/b"), pax: { path: "other" } };
    assert.equal((await only(named)).path, "other");
  });
  it("never takes the content of a file for entries", async () => {
    const content = entryBytes({ name: "hidden" });
    const prefixed = (block: Buffer): void => {
      block.write("dir", 345);
      sign(block);
    };
    for (const entry of [
      { name: "dir/", content },
      { name: "", content, edit: prefixed },
      { name: "x", content, pax: { path: "dir/" } },
    ]) {
      for (const type of ["0", "7"])
        assert.deepEqual(
          (await layer(tarOf({ ...entry, type }))).map((read) => [read.entry.path, read.content]),
          [["dir", content]],
        );
      const old = await layer(tarOf({ ...entry, type: "\0" })).catch((error: unknown) => error);
      const refused = isTsbuildError(old, "LAYER_TAR");
      assert.ok(refused || (Array.isArray(old) && old.length === 1), String(old));
    }
  });
});

describe("deletion marks", () => {
  for (const [name, type, path] of [
    ["a/.wh.b", "whiteout", "a/b"],
    [".wh.b", "whiteout", "b"],
    ["a/.wh....", "whiteout", "a/..."],
    ["a/.wh..wh..opq", "opaque", "a"],
    [".wh..wh..opq", "opaque", ""],
  ] as const)
    it(`reads ${name} of a layer as ${type} of ${JSON.stringify(path)}`, async () => {
      const entry = await only({ name });
      assert.deepEqual([entry.type, entry.path], [type, path]);
    });

  for (const name of [".wh.", "a/.wh.", ".wh..", ".wh...", "a/.wh.../b", ".wh.a/b"])
    it(`refuses ${name}`, async () => {
      await assert.rejects(layer(tarOf({ name })), withCode("LAYER_WHITEOUT"));
    });
  it("refuses a directory or symlink with such a name", async () => {
    for (const type of ["5", "2"])
      await assert.rejects(
        layer(tarOf({ name: ".wh.a", type, link: "x" })),
        withCode("LAYER_WHITEOUT"),
      );
  });
  it("leaves out the bookkeeping of AUFS", async () => {
    assert.deepEqual(
      await layer(tarOf({ name: ".wh..wh.plnk", type: "5" }, { name: ".wh..wh.plnk/1.2" })),
      [],
    );
  });
  it("are ordinary files in an archive", async () => {
    const [first] = await archive(tarOf({ name: ".wh.b" }));
    assert.deepEqual([first?.entry.type, first?.entry.path], ["file", ".wh.b"]);
  });
});

describe("metadata", () => {
  it("keeps file capabilities and user attributes byte for byte, and drops the others", async () => {
    const capability =
      "\x01\x00\x00\x02\x80\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
    const { xattrs } = await only({
      name: "ping",
      pax: {
        "SCHILY.xattr.user.b": "\xff=\n",
        "SCHILY.xattr.security.capability": capability,
        "SCHILY.xattr.trusted.overlay.opaque": "y",
        "SCHILY.xattr.user.overlay.opaque": "y",
        "SCHILY.xattr.user.fuseoverlayfs.opaque": "y",
        "SCHILY.xattr.user.tsbuild.owner": "0:0",
        "SCHILY.xattr.security.selinux": "x",
        "SCHILY.xattr.system.posix_acl_access": "x",
      },
    });
    assert.deepEqual(
      xattrs.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]),
      [
        ["security.capability", capability],
        ["user.b", "\xff=\n"],
      ],
    );
  });
  it("takes owners, times and sizes from PAX, times rounded down", async () => {
    const entry = await only({
      name: "a",
      content: "abc",
      size: 0,
      pax: { uid: "3000000", gid: "4294967294", mtime: "-1.5", size: "3" },
    });
    assert.deepEqual(
      [entry.uid, entry.gid, entry.mtime, entry.size],
      [3_000_000, 4_294_967_294, -2, 3],
    );
  });
  it("reads binary numbers", async () => {
    const entry = await only({
      name: "a",
      edit: (block) => {
        block.fill(0, 108, 116);
        block[108] = 0x80;
        block.writeUInt32BE(3_000_000, 112);
        sign(block);
      },
    });
    assert.equal(entry.uid, 3_000_000);
  });
  it("refuses numbers that are negative or none", async () => {
    for (const at of [100, 108, 116]) {
      const edit = (block: Buffer): void => {
        block.write("rwxrwx\0", at);
        sign(block);
      };
      await assert.rejects(layer(tarOf({ name: "a", edit })), withCode("LAYER_TAR"));
      await assert.rejects(
        layer(tarOf({ name: "a", edit: binary(at, -1n) })),
        withCode("LAYER_TAR"),
      );
    }
  });
  it("reads times before 1970 as GNU tar writes them", async () => {
    for (const time of [-1, -86_400, -(2 ** 40)]) {
      const edit = (block: Buffer): void => {
        block.fill(0xff, 136, 140);
        block.writeBigInt64BE(BigInt(time), 140);
        sign(block);
      };
      assert.equal((await only({ name: "a", edit })).mtime, time);
      assert.equal((await only({ name: "a", edit, pax: { mtime: "7.5" } })).mtime, 7);
    }
  });
  it("refuses owners that no system has", async () => {
    for (const uid of ["4294967295", "-1"])
      await assert.rejects(layer(tarOf({ name: "a", pax: { uid } })), withCode("LAYER_ENTRY"));
  });
  it("takes no notice of global headers", async () => {
    const global = { name: "g", type: "g", content: "12 path=evil\n" };
    const entries = await layer(tarOf(global, { name: "a" }, { name: "b" }));
    assert.deepEqual(
      entries.map(({ entry }) => entry.path),
      ["a", "b"],
    );
  });
  it("keeps only the type of a mode's permission bits", async () => {
    assert.equal((await only({ name: "a", mode: 0o106755 })).mode, 0o6755);
  });
});

describe("damaged tars", () => {
  const good = tarOf({ name: "a", content: "x".repeat(1000) });
  const refusedTars: Readonly<Record<string, Buffer>> = {
    "a wrong checksum": tarOf({ name: "a", edit: (block) => block.write("b", 0) }),
    "an end inside a header": good.subarray(0, 300),
    "an end inside a content": good.subarray(0, 900),
    "half an end mark in the middle": Buffer.concat([Buffer.alloc(512), good]),
    "a size that is no number": tarOf({
      name: "a",
      edit: (block) => {
        block.write("zzz", 124);
        sign(block);
      },
    }),
    "an extended header without an entry": Buffer.concat([
      header({ name: "p", type: "x" }, 10),
      Buffer.from("10 path=a\n".padEnd(512, "\0")),
      Buffer.alloc(1024),
    ]),
    "a malformed record": tarOf({ name: "p", type: "x", content: "99 path=a\n" }, { name: "a" }),
  };
  for (const [what, tar] of Object.entries(refusedTars))
    it(`refuses ${what}`, async () => {
      await assert.rejects(archive(tar), withCode("LAYER_TAR"));
    });

  it("does not read entries behind the end mark, but hashes them", async () => {
    const tar = Buffer.concat([good, tarOf({ name: "hidden", content: "x" })]);
    assert.deepEqual(
      (await layer(tar)).map(({ entry }) => entry.path),
      ["a"],
    );
  });
  it("reads an archive without an end mark", async () => {
    assert.equal((await archive(entryBytes({ name: "a", content: "x" }))).length, 1);
  });
  it("reads the same whatever the pieces it comes in", async () => {
    const tar = tarOf(
      { name: "a", content: "x".repeat(1500), pax: { path: "long/".repeat(30) + "é" } },
      { name: "L", type: "L", content: `${"n".repeat(150)}\0` },
      { name: "b", type: "2", link: "target" },
    );
    const whole = await archive(tar);
    assert.equal(whole.length, 2);
    for (const size of [1, 7, 511, 512, 513])
      assert.deepEqual(
        (await archive(tar, size)).map(({ entry, content }) => [entry.path, entry.link, content]),
        whole.map(({ entry, content }) => [entry.path, entry.link, content]),
      );
  });
  it("fails a layer whose bytes are others than its image names", async () => {
    const read = collect(readLayer(inPieces(good), { diffId: diffIdOf(Buffer.from("other")) }));
    await assert.rejects(read, withCode("LAYER_DIGEST"));
  });
  it("passes on what the source throws", async () => {
    const failure = new Error("no more");
    async function* source(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(good.subarray(0, 700));
      throw failure;
    }
    await assert.rejects(collect(readArchive(source())), (error) => error === failure);
  });
});

describe("limits", () => {
  const long = withCode("LAYER_LIMIT");
  it("bounds the number of entries", async () => {
    await assert.rejects(
      layer(tarOf({ name: "a" }, { name: "b" }, { name: "c" }), { entries: 2 }),
      long,
    );
  });
  it("bounds the bytes of the tar", async () => {
    await assert.rejects(
      layer(tarOf({ name: "a", content: Buffer.alloc(9000) }), { bytes: 8000 }),
      long,
    );
  });
  it("bounds extended headers, without reading them first", async () => {
    const entry = { name: "x", type: "x", size: 8 * 1024 ** 3 };
    await assert.rejects(archive(entryBytes(entry)), long);
    const many = Array.from({ length: 40 }, () => ({
      name: "x",
      type: "x",
      content: `1000 a=${"b".repeat(992)}\n`,
    }));
    await assert.rejects(layer(tarOf(...many, { name: "a" }), { headerBytes: 20_000 }), long);
  });
  it("bounds the size that holes blow a file up to", async () => {
    const pax = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.realsize": "9000000000",
    };
    const content = `0\n`.padEnd(512, "\0");
    await assert.rejects(layer(tarOf({ name: "a", content, pax }), { bytes: 1_000_000 }), long);
  });
  it("bounds the pieces of a sparse file", async () => {
    const pax = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10" };
    await assert.rejects(
      layer(tarOf({ name: "a", content: "99999999\n".padEnd(512, "\0"), pax })),
      long,
    );
  });
});

describe("sparse files", () => {
  const pax = { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "20" };
  const map = (text: string, data: string): string => text.padEnd(512, "\0") + data;
  it("fills the holes with zeros", async () => {
    const [file] = await layer(
      tarOf({ name: "a", content: map("2\n5\n3\n10\n2\n", "abcde"), pax }),
    );
    assert.equal(file?.content.toString("latin1"), "\0\0\0\0\0abc\0\0de\0\0\0\0\0\0\0\0");
  });
  for (const [what, content] of [
    ["overlap", map("2\n5\n3\n6\n2\n", "abcde")],
    ["lie outside", map("1\n19\n5\n", "abcde")],
    ["need more data than there is", map("1\n0\n9\n", "abcde")],
    ["end early", map("2\n5\n", "")],
    ["are no numbers", map("1\nx\n1\n", "a")],
  ] as const)
    it(`refuses maps whose pieces ${what}`, async () => {
      await assert.rejects(layer(tarOf({ name: "a", content, pax })), withCode("LAYER_TAR"));
    });
});

describe("recognising archives", () => {
  const is = async (bytes: Buffer): Promise<boolean> => detectArchive(() => inPieces(bytes));
  it("knows a tar by its first header", async () => {
    assert.equal(await is(tarOf({ name: "a" })), true);
    assert.equal(await is(tarOf({ name: "" }, { name: "a" })), true);
    assert.equal(await is(Buffer.from("#!/bin/sh\n".repeat(100))), false);
    assert.equal(await is(Buffer.alloc(0)), false);
    assert.equal(await is(Buffer.alloc(10240)), false);
  });
  it("takes damaged compressed data for a plain file", async () => {
    assert.equal(
      await is(Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(100, 7)])),
      false,
    );
    assert.equal(await is(Buffer.concat([Buffer.from("BZh9"), Buffer.alloc(100, 7)])), false);
  });
});
