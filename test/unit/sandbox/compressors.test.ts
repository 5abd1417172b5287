// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { isTsbuildError } from "#src/base/index.js";
import { findCompressor, type Compressor, type CompressorName } from "#src/sandbox/index.js";

const mebi = 1 << 20;
const signal = new AbortController().signal;

function program(name: CompressorName, threads: number): Compressor {
  return findCompressor(name, { threads }) ?? assert.fail(`tsbuild-${name} is not built`);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

async function compressed(
  name: CompressorName,
  bytes: Buffer,
  threads: number,
  level?: number,
): Promise<Buffer> {
  async function* source(): AsyncGenerator<Buffer, void, undefined> {
    yield await Promise.resolve(bytes);
  }
  return all(program(name, threads)(source(), level, signal));
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
    void it("takes the digest of what another process writes to it", async () => {
      const { input, output, digest } = program(name, 2).open(undefined, signal);
      input.end(mixed);
      await all(output);
      assert.equal(await digest, createHash("sha256").update(mixed).digest("hex"));
    });
    void it("keeps what it wrote for a reader who comes after its end", async () => {
      const { input, output } = program(name, 2).open(undefined, signal);
      input.end(text.subarray(0, 1000));
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
