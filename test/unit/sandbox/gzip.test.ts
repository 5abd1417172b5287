// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { findGzipProgram } from "#src/sandbox/index.js";

const mebi = 1 << 20;

async function compressed(bytes: Buffer, threads: number, level?: number): Promise<Buffer> {
  const program = findGzipProgram({ threads }) ?? assert.fail("tsbuild-gzip is not built");
  const parts: Uint8Array[] = [];
  async function* source(): AsyncGenerator<Buffer, void, undefined> {
    yield await Promise.resolve(bytes);
  }
  for await (const part of program(source(), level, new AbortController().signal)) parts.push(part);
  return Buffer.concat(parts);
}

void describe("the program that compresses", () => {
  const text = Buffer.alloc(3 * mebi, "one line after another, and each like the last\n");
  const noise = randomBytes(2 * mebi);
  const mixed = Buffer.concat([text, noise, text.subarray(0, 12_345)]);

  void it("gives back the bytes, whatever they are", async () => {
    for (const bytes of [mixed, noise, text, Buffer.alloc(0)])
      for (const level of [undefined, 0, 1, 9])
        assert.ok(gunzipSync(await compressed(bytes, 2, level)).equals(bytes));
  });
  void it("gives the same bytes with one thread and with several", async () => {
    assert.ok((await compressed(mixed, 1)).equals(await compressed(mixed, 3)));
  });
  void it("stores what will not become smaller", async () => {
    const { length } = await compressed(noise, 2);
    assert.ok(length < noise.length * 1.001, `${length} bytes of ${noise.length}`);
    assert.ok((await compressed(mixed, 2)).length < noise.length + mebi / 8);
  });
});
