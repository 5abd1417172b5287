// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { isTsbuildError } from "#src/base/index.js";
import { findCompressor, type Compressor, type CompressorName } from "#src/sandbox/index.js";

const mebi = 1 << 20;
const directory = mkdtempSync(join(tmpdir(), "tsbuild-compressors-"));
after(() => {
  rmSync(directory, { recursive: true });
});
const signal = new AbortController().signal;

function program(name: CompressorName, threads: number): Compressor {
  return findCompressor(name, { threads }) ?? assert.fail(`tsbuild-${name} is not built`);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

async function* sourceOf(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield await Promise.resolve(bytes);
}

async function compressed(
  name: CompressorName,
  bytes: Buffer,
  threads: number,
  level?: number,
): Promise<Buffer> {
  return all(program(name, threads)(sourceOf(bytes), level, signal));
}

const text = Buffer.alloc(3 * mebi, "one line after another, and each like the last\n");
const noise = randomBytes(2 * mebi);
const mixed = Buffer.concat([text, noise, text.subarray(0, 12_345)]);
const unzstd = (bytes: Buffer): Buffer =>
  execFileSync("zstd", ["-dc"], { input: bytes, maxBuffer: 1 << 28 });

const kinds = [
  { name: "gzip", levels: [undefined, 0, 1, 9], decompress: gunzipSync, needs: "node" },
  { name: "zstd", levels: [undefined, 0, 1, 9, 22], decompress: unzstd, needs: "zstd" },
] as const;

for (const { name, levels, decompress, needs } of kinds)
  void describe(`the program for ${name}`, () => {
    const skip = spawnSync(needs, ["--version"]).error !== undefined;
    void it("gives back the bytes, whatever they are", { skip }, async () => {
      for (const bytes of [mixed, noise, text, text.subarray(0, mebi), Buffer.alloc(0)])
        for (const level of levels)
          assert.ok(decompress(await compressed(name, bytes, 2, level)).equals(bytes));
    });
    void it("gives the same bytes with one thread and with several", async () => {
      // More than zstd's job of level 1, so that there are several.
      const large = Buffer.concat([mixed, mixed, mixed]);
      for (const bytes of [large, text.subarray(0, 1000)]) {
        const one = await compressed(name, bytes, 1, 1);
        for (const threads of [2, 3, 8])
          assert.ok(one.equals(await compressed(name, bytes, threads, 1)));
      }
    });
    void it("stores what will not become smaller", async () => {
      const { length } = await compressed(name, noise, 2);
      assert.ok(length < noise.length * 1.001, `${length} bytes of ${noise.length}`);
      assert.ok((await compressed(name, mixed, 2)).length < noise.length + mebi / 8);
    });
    void it("writes what another process gives it to a file, and takes both digests", async () => {
      const path = join(directory, name);
      const file = openSync(path, "w");
      const { input, done } = program(name, 2).open(undefined, file, signal);
      input.end(mixed);
      const { inputDigest, digest, size } = await done;
      closeSync(file);
      const written = readFileSync(path);
      assert.equal(inputDigest, createHash("sha256").update(mixed).digest("hex"));
      assert.equal(digest, createHash("sha256").update(written).digest("hex"));
      assert.equal(size, written.length);
      assert.ok(decompress(written).equals(mixed));
      assert.ok(written.equals(await compressed(name, mixed, 3)));
    });
    void it("says which error its file had", { skip: !existsSync("/dev/full") }, async () => {
      const file = openSync("/dev/full", "w");
      const { input, done } = program(name, 2).open(undefined, file, signal);
      input.on("error", () => undefined);
      input.end(noise);
      await assert.rejects(done, { code: "ENOSPC" });
      closeSync(file);
    });
    void it("ends when it is told to", async () => {
      const controller = new AbortController();
      const file = openSync(join(directory, `${name}-stopped`), "w");
      const { done } = program(name, 2).open(undefined, file, controller.signal);
      controller.abort(new Error("enough"));
      await assert.rejects(done, /enough/);
      closeSync(file);
    });
    void it("keeps what it wrote for a reader who comes after its end", async () => {
      const output = program(name, 2)(sourceOf(text.subarray(0, 1000)), undefined, signal);
      await sleep(200);
      assert.ok(decompress(await all(output)).equals(text.subarray(0, 1000)));
    });
    void it("tells what went wrong", async () => {
      await assert.rejects(compressed(name, text, 2, 99), (error) => {
        assert.ok(isTsbuildError(error, "SANDBOX_SYSTEM"));
        return error.details["program"] === `tsbuild-${name}` && /usage/.test(error.message);
      });
    });
  });

void describe("a program that was not built", () => {
  void it("is not found", () => {
    assert.equal(findCompressor("zstd", { path: "/nowhere/tsbuild-zstd" }), undefined);
  });
});
