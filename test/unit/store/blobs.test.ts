// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync, writeSync } from "node:fs";
import {
  chmod,
  chown,
  mkdtemp,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { digestOf, hexOf, type Digest } from "#src/oci/index.js";
import { openStore, type BlobInfo, type Store } from "#src/store/index.js";

let root: string;
let store: Store;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tsbuild-store-"));
  warnings = [];
  store = await openStore({ root, onWarning: (m) => warnings.push(m) });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

const bytes = Buffer.from("some bytes");
const digest = digestOf(bytes);
const pathOf = (d: Digest): string => join(root, "oci/blobs/sha256", hexOf(d));

async function scratch(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(join(root, "tmp")))
    found.push(...(await readdir(join(root, "tmp", name))));
  return found;
}

describe("blobs", () => {
  it("come back as they were written, under their digest", async () => {
    const written = await store.blobs.write(
      Readable.from([bytes.subarray(0, 4), bytes.subarray(4)]),
    );
    assert.deepEqual(written, { digest, size: bytes.length });
    assert.equal(await store.blobs.has(digest), true);
    assert.equal(await store.blobs.size(digest), bytes.length);
    assert.deepEqual(await store.blobs.read(written), bytes);
    assert.deepEqual(await readFile(pathOf(digest)), bytes);
    assert.deepEqual(await scratch(), []);
  });

  it("stream in pieces that add up, whatever their size", async () => {
    const large = Buffer.alloc(3_000_001, "tsbuild ");
    const info = await store.blobs.writeBytes(large);
    const chunks = await store.blobs.stream(info).toArray();
    assert.ok(Buffer.concat(chunks as Buffer[]).equals(large));
  });

  it("are taken from whoever writes them to a file", async () => {
    const received = await store.blobs.receive((file) => {
      writeSync(file, bytes);
      return Promise.resolve({ digest, size: bytes.length, note: "kept" });
    });
    assert.deepEqual(received, { digest, size: bytes.length, note: "kept" });
    assert.deepEqual(await store.blobs.read(received), bytes);
    assert.deepEqual(await scratch(), []);
  });

  it("that somebody else writes are refused when they are shorter, or could not be written", async () => {
    const receive = (fail: () => void): Promise<unknown> =>
      store.blobs.receive((file) => {
        writeSync(file, bytes.subarray(1));
        fail();
        return Promise.resolve({ digest, size: bytes.length });
      });
    const failing = (error: Error) => () => {
      throw error;
    };
    await assert.rejects(
      receive(() => undefined),
      { code: "STORE_DIGEST" },
    );
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    await assert.rejects(receive(failing(full)), { code: "STORE_FULL" });
    const own = new Error("an error of the writer's own");
    await assert.rejects(receive(failing(own)), own);
    assert.equal(await store.blobs.has(digest), false);
    assert.deepEqual(await scratch(), []);
  });

  it("of no bytes are blobs too", async () => {
    const info = await store.blobs.writeBytes(new Uint8Array());
    assert.equal((await store.blobs.read(info)).length, 0);
  });

  it("with a sha512 digest are kept under it", async () => {
    const expected = (await import("node:crypto")).createHash("sha512").update(bytes).digest("hex");
    const wanted = { digest: `sha512:${expected}` as Digest, size: bytes.length };
    assert.deepEqual(await store.blobs.writeBytes(bytes, { expected: wanted }), wanted);
    assert.deepEqual(await store.blobs.read(wanted), bytes);
  });

  it("are refused when the bytes are not the expected ones, and leave nothing behind", async () => {
    const other = digestOf("other");
    for (const expected of [
      { digest: other },
      { digest, size: bytes.length + 1 },
      { digest, size: bytes.length - 1 },
    ])
      await assert.rejects(store.blobs.writeBytes(bytes, { expected }), { code: "STORE_DIGEST" });
    assert.equal(await store.blobs.has(digest), false);
    assert.equal(await store.blobs.has(other), false);
    assert.deepEqual(await scratch(), []);
  });

  it("stop reading a source that sends more than expected", async () => {
    let sent = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        sent++;
        yield await Promise.resolve(Buffer.alloc(1000));
      }
    };
    const expected = { digest, size: 5000 };
    await assert.rejects(store.blobs.write(endless(), { expected }), { code: "STORE_DIGEST" });
    assert.equal(sent, 6);
  });

  it("pass the error of their source on unchanged", async () => {
    const broken = new Error("source broke");
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(bytes);
      throw broken;
    };
    await assert.rejects(store.blobs.write(source()), broken);
    assert.deepEqual(await scratch(), []);
  });

  it("stop at the signal with its reason", async () => {
    const controller = new AbortController();
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(bytes);
      controller.abort(new Error("enough"));
      yield bytes;
    };
    await assert.rejects(store.blobs.write(source(), { signal: controller.signal }), /enough/);
    assert.deepEqual(await scratch(), []);
  });

  it("that were damaged are noticed, set aside, and can be written again", async () => {
    for (const damage of [
      Buffer.from("some bytez"),
      Buffer.from("some"),
      Buffer.from("some bytes and more"),
    ]) {
      const info = await store.blobs.writeBytes(bytes);
      await writeFile(pathOf(digest), damage);
      await assert.rejects(store.blobs.read(info), { code: "STORE_CORRUPT" });
      assert.equal(await store.blobs.has(digest), false);
    }
    assert.equal(warnings.length, 3);
    await store.blobs.writeBytes(bytes);
    assert.equal(await store.blobs.has(digest), true);
  });

  it("that were just written are noticed as soon as somebody else writes to them", async () => {
    // What this process has written itself it does not hash again: only as long as the file says that nobody has touched it.
    const large = Buffer.alloc(300_000, "tsbuild ");
    const damages: ((path: string) => Promise<void>)[] = [
      async (path) => {
        await using file = await open(path, "r+");
        await file.write("T", 150_000);
      },
      async (path) => {
        await writeFile(`${path}.new`, Buffer.alloc(large.length));
        await rename(`${path}.new`, path);
      },
      (path) => truncate(path, 1000),
      (path) => writeFile(path, Buffer.alloc(large.length + 1)),
    ];
    const writers: (() => Promise<BlobInfo>)[] = [
      () => store.blobs.writeBytes(large),
      () =>
        store.blobs.receive((file) => {
          writeSync(file, large);
          return Promise.resolve({ digest: digestOf(large), size: large.length });
        }),
    ];
    for (const write of writers)
      for (const damage of damages) {
        const info = await write();
        assert.deepEqual(await store.blobs.read(info), large);
        await damage(pathOf(info.digest));
        await assert.rejects(store.blobs.stream(info).toArray(), { code: "STORE_CORRUPT" });
        assert.equal(await store.blobs.has(info.digest), false);
      }
    const info = await store.blobs.writeBytes(large);
    await assert.rejects(store.blobs.read({ ...info, size: 3 }), { code: "STORE_CORRUPT" });
    assert.equal(await store.blobs.has(info.digest), true);
  });

  it("whose files are pipes, or links to what has no end, keep nobody waiting", async () => {
    const kinds: ((path: string) => void)[] = [
      (path) => assert.equal(spawnSync("mkfifo", [path]).status, 0),
      (path) => {
        symlinkSync("/dev/zero", path);
      },
    ];
    for (const make of kinds) {
      const info = await store.blobs.writeBytes(bytes);
      await rm(pathOf(digest));
      make(pathOf(digest));
      await assert.rejects(store.blobs.read(info), { code: /STORE_(CORRUPT|IO)/ });
      await rm(pathOf(digest), { force: true });
    }
  });

  it("are not written again while they are whole, and are when they are damaged", async () => {
    await store.blobs.writeBytes(bytes);
    const { ino } = await stat(pathOf(digest));
    await store.blobs.writeBytes(bytes);
    assert.equal((await stat(pathOf(digest))).ino, ino);
    await writeFile(pathOf(digest), Buffer.from("some bytez"));
    const info = await store.blobs.writeBytes(bytes);
    assert.deepEqual(await store.blobs.read(info), bytes);
  });

  it("stay when it is the asker who is wrong about the size", async () => {
    await store.blobs.writeBytes(bytes);
    await assert.rejects(store.blobs.read({ digest, size: 3 }), { code: "STORE_CORRUPT" });
    assert.equal(await store.blobs.has(digest), true);
  });

  it("fail a stream at its end when they are damaged", async () => {
    const info = await store.blobs.writeBytes(bytes);
    await writeFile(pathOf(digest), "some bytez");
    await assert.rejects(store.blobs.stream(info).toArray(), { code: "STORE_CORRUPT" });
  });

  it("that are not there, or are too large for their use, say so", async () => {
    await assert.rejects(store.blobs.read({ digest, size: 1 }), { code: "STORE_NOT_FOUND" });
    const info = await store.blobs.writeBytes(bytes);
    await assert.rejects(store.blobs.read(info, 3), { code: "STORE_LIMIT" });
  });

  it("are listed and removed", async () => {
    const a = await store.blobs.writeBytes(bytes);
    const b = await store.blobs.writeBytes(Buffer.from("b"));
    await writeFile(join(root, "oci/blobs/sha256/not-a-digest"), "");
    const listed: string[] = [];
    for await (const blob of store.blobs.list()) listed.push(blob.digest);
    assert.deepEqual(listed.sort(), [a.digest, b.digest].sort());
    assert.equal(await store.blobs.remove(a.digest), true);
    assert.equal(await store.blobs.remove(a.digest), false);
    assert.equal(await store.blobs.has(a.digest), false);
  });

  it("written at once by many are written once and right", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => store.blobs.writeBytes(bytes)));
    assert.ok(all.every((info) => info.digest === digest));
    assert.deepEqual(await store.blobs.read({ digest, size: bytes.length }), bytes);
  });
});

describe("the root of a store", () => {
  it("is private, and its oci directory is an OCI layout", async () => {
    const { mode } = await stat(root);
    assert.equal(mode & 0o777, 0o700);
    const layout: unknown = JSON.parse(await readFile(join(store.layoutDir, "oci-layout"), "utf8"));
    assert.deepEqual(layout, { imageLayoutVersion: "1.0.0" });
  });

  it("is refused when it is someone else's directory", async () => {
    const other = await mkdtemp(join(tmpdir(), "tsbuild-other-"));
    try {
      await writeFile(join(other, "letter.txt"), "dear");
      await assert.rejects(openStore({ root: other }), { code: "STORE_ROOT" });
      assert.deepEqual(await readdir(other), ["letter.txt"]);
      await assert.rejects(openStore({ root: join(other, "letter.txt") }), { code: "STORE_ROOT" });
    } finally {
      await rm(other, { recursive: true });
    }
  });

  it("is closed again to other users, which is said", async () => {
    for (const mode of [0o755, 0o770, 0o701]) {
      warnings = [];
      await chmod(root, mode);
      const other = await openStore({ root, onWarning: (m) => warnings.push(m) });
      await other.close();
      assert.equal((await stat(root)).mode & 0o7777, 0o700);
      assert.match(warnings.join(), /was open to other users \(mode 7[0-7]+\)/);
    }
  });

  it(
    "is refused when it belongs to another user",
    { skip: process.getuid?.() === 0 ? false : "only root gives a directory away" },
    async () => {
      await chown(root, 12_345, 0);
      await assert.rejects(openStore({ root }), { code: "STORE_ROOT" });
      await chown(root, 0, 0);
    },
  );

  it("is refused when a newer tsbuild made it", async () => {
    await writeFile(join(root, "store.json"), '{"version":99}');
    await assert.rejects(openStore({ root }), { code: "STORE_VERSION" });
  });

  it("loses the scratch of dead processes, and keeps that of living ones", async () => {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const dead = join(
      root,
      "tmp",
      `4194304_1_1_${boot.replace(/^./, (c) => (c === "0" ? "1" : "0"))}_aa`,
    );
    await (await import("node:fs/promises")).mkdir(dead);
    await using mine = await store.tempDir();
    await using other = await openStore({ root });
    await using theirs = await other.tempDir();
    const left = await readdir(join(root, "tmp"));
    assert.equal(left.length, 2);
    assert.ok((await stat(mine.path)).isDirectory());
    assert.ok((await stat(theirs.path)).isDirectory());
  });
});
