// SPDX-License-Identifier: Apache-2.0
// Compressions: what the machine's own programs write is read; damage is told; what we write is always the same.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { isTsbuildError } from "#src/base/index.js";
import {
  decompressed,
  detectArchive,
  packLayer,
  type Compress,
  type PackedLayer,
} from "#src/layer/index.js";
import { digestFromHex } from "#src/oci/index.js";
import { findCompressor } from "#src/sandbox/index.js";
import { inPieces, tarOf } from "../../support/tar-builder.js";

const signal = new AbortController().signal;

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of source) parts.push(chunk);
  return Buffer.concat(parts);
}

async function unpacked(bytes: Buffer, pieces?: number): Promise<Buffer> {
  return all(decompressed(inPieces(bytes, pieces)));
}

const samples: Readonly<Record<string, Buffer>> = {
  text: Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i * i}\n`).join("")),
  random: randomBytes(300_000),
  runs: Buffer.concat([
    Buffer.alloc(2_000_000),
    Buffer.alloc(1_000_000, "abab"),
    Buffer.alloc(300, 1),
  ]),
  short: Buffer.from("x"),
  empty: Buffer.alloc(0),
};

for (const program of ["gzip", "bzip2", "xz", "zstd"]) {
  const missing = spawnSync(program, ["--version"]).error !== undefined;
  describe(program, { skip: missing ? `${program} is not installed` : false }, () => {
    const pack = (bytes: Buffer): Buffer =>
      execFileSync(program, ["-c"], { input: bytes, maxBuffer: 1 << 28 });

    for (const [name, bytes] of Object.entries(samples))
      it(`reads what ${program} makes of ${name} data`, async () => {
        const compressed = pack(bytes);
        assert.ok((await unpacked(compressed)).equals(bytes));
        if (bytes.length < 500_000) assert.ok((await unpacked(compressed, 1013)).equals(bytes));
      });
    it("tells data that is cut off", async () => {
      const compressed = pack(samples["random"] ?? Buffer.alloc(0));
      await assert.rejects(unpacked(compressed.subarray(0, compressed.length - 20)), (error) =>
        isTsbuildError(error, "LAYER_COMPRESSION"),
      );
    });
    it("tells data with a flipped byte", async () => {
      const compressed = Buffer.from(pack(samples["text"] ?? Buffer.alloc(0)));
      const at = compressed.length >> 1;
      compressed[at] = (compressed[at] ?? 0) ^ 0x55;
      const read = unpacked(compressed).then(
        (bytes) => bytes.equals(samples["text"] ?? Buffer.alloc(0)),
        (error: unknown) => isTsbuildError(error, "LAYER_COMPRESSION"),
      );
      // zstd without a checksum may not notice; the diffID does.
      if (program !== "zstd") assert.equal(await read, true);
      else await read;
    });
  });
}

describe("xz", { skip: spawnSync("xz", ["--version"]).error !== undefined }, () => {
  it("says of settings that it does not have that they are not supported", async () => {
    for (const settings of [["--check=sha256"], ["--delta", "--lzma2"], ["--lzma2=dict=128MiB"]]) {
      const bytes = execFileSync("xz", ["-c", ...settings], { input: tarOf({ name: "a" }) });
      let told = "";
      const is = await detectArchive(
        () => inPieces(bytes),
        ({ message }) => {
          told = message;
        },
      );
      assert.equal(is, false);
      assert.match(told, /cannot be read here/, settings.join(" "));
    }
  });
});

describe("several streams in one", () => {
  it("reads gzip members and bzip2 streams that follow one another", async () => {
    assert.equal((await unpacked(Buffer.concat([gzipSync("a"), gzipSync("b")]))).toString(), "ab");
    if (spawnSync("bzip2", ["--version"]).error !== undefined) return;
    const bzip2 = (text: string): Buffer => execFileSync("bzip2", ["-c"], { input: text });
    assert.equal((await unpacked(Buffer.concat([bzip2("a"), bzip2("b")]))).toString(), "ab");
  });
});

describe("packing", () => {
  const hex = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  async function pack(
    tar: Buffer,
    options: { compression: "none" | "gzip"; program?: Compress; pieces?: number },
  ): Promise<PackedLayer & { blob: Buffer }> {
    let blob: Buffer = Buffer.alloc(0);
    const packed = await packLayer(
      { stream: inPieces(tar, options.pieces), done: Promise.resolve() },
      {
        ...options,
        signal,
        write: async (bytes) => {
          blob = await all(bytes);
          return { digest: digestFromHex(hex(blob)), size: blob.length };
        },
      },
    );
    return { ...packed, blob };
  }

  const tar = samples["text"] ?? Buffer.alloc(0);
  const program = findCompressor("gzip");

  it("takes the diffID of the tar and the digest of the blob", async () => {
    const packed = await pack(tar, { compression: "gzip" });
    assert.equal(packed.diffId, `sha256:${hex(tar)}`);
    assert.equal(packed.digest, `sha256:${hex(packed.blob)}`);
    assert.equal(packed.size, packed.blob.length);
    assert.ok(gunzipSync(packed.blob).equals(tar));
    assert.equal((await pack(tar, { compression: "none" })).digest, `sha256:${hex(tar)}`);
  });
  it("writes a header that names neither file, time nor system, and the same bytes for any pieces", async () => {
    for (const gzip of program === undefined ? [undefined] : [undefined, program]) {
      const options = {
        compression: "gzip",
        ...(gzip === undefined ? {} : { program: gzip }),
      } as const;
      const { blob } = await pack(tar, options);
      assert.deepEqual([...blob.subarray(0, 8)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
      assert.equal(blob[9], 255);
      assert.ok((await pack(tar, { ...options, pieces: 777 })).blob.equals(blob));
    }
  });
  it(
    "compresses the same whatever the number of threads",
    { skip: program === undefined },
    async () => {
      const large = Buffer.concat(Array.from({ length: 12 }, () => tar));
      const blobs = [1, 2, 5].map(async (threads) => {
        const gzip = findCompressor("gzip", { threads });
        assert.ok(gzip !== undefined);
        return (await pack(large, { compression: "gzip", program: gzip })).blob;
      });
      const [one, two, five] = await Promise.all(blobs);
      assert.ok(one !== undefined && two?.equals(one) && five?.equals(one));
      assert.ok(gunzipSync(one).equals(large));
    },
  );
  it("makes a valid member of nothing", { skip: program === undefined }, async () => {
    assert.ok(program !== undefined);
    const { blob } = await pack(Buffer.alloc(0), { compression: "gzip", program });
    assert.equal(gunzipSync(blob).length, 0);
  });
  it("fails when the tar's writer failed, even after a whole stream", async () => {
    const failure = new Error("diff failed");
    const done = Promise.reject(failure);
    done.catch(() => undefined);
    const packing = packLayer(
      { stream: inPieces(tar), done },
      {
        compression: "none",
        signal,
        write: async (bytes) => {
          await all(bytes);
          return { digest: digestFromHex(hex(tar)), size: 0 };
        },
      },
    );
    await assert.rejects(packing, (error) => error === failure);
  });
  it("stops when it is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) {
        if (i === 50) controller.abort(reason);
        yield await Promise.resolve(Buffer.alloc(10_000));
      }
    }
    const packing = packLayer(
      { stream: endless(), done: Promise.resolve() },
      {
        compression: "gzip",
        ...(program === undefined ? {} : { program }),
        signal: controller.signal,
        write: async (bytes) => ({ digest: digestFromHex(hex(await all(bytes))), size: 0 }),
      },
    );
    await assert.rejects(
      packing,
      (error) => error === reason || (error as Error).name === "AbortError",
    );
  });
});
