// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { digestOf } from "#src/oci/index.js";
import { GrowingBlob, openStore, type Store } from "#src/store/index.js";

let root: string;
let store: Store;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tsbuild-store-"));
  store = await openStore({ root });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

async function collect(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a growing blob", () => {
  it("gives each part as soon as it has come, and ends with the writer", async () => {
    await using growing = new GrowingBlob();
    const source = new PassThrough();
    const written = store.blobs.write(source, { growing });
    const reader = growing.stream();
    source.write("one ");
    assert.equal(String((await reader.next()).value), "one ");
    const next = reader.next();
    source.end("two");
    assert.equal(String((await next).value), "two");
    assert.deepEqual(await reader.next(), { value: undefined, done: true });
    assert.equal((await written).digest, digestOf(Buffer.from("one two")));
  });

  it("can be read several times, also after its end", async () => {
    await using growing = new GrowingBlob();
    const text = "many bytes ".repeat(100_000);
    const readings = [collect(growing.stream()), collect(growing.stream())];
    const source = new PassThrough();
    source.end(text);
    await store.blobs.write(source, { growing });
    readings.push(collect(growing.stream()));
    for (const read of await Promise.all(readings)) assert.ok(read === text);
  });

  it("fails as its writer does, at the end of what has come", async () => {
    await using growing = new GrowingBlob();
    const source = new PassThrough();
    source.end("something else");
    const expected = { digest: digestOf(Buffer.from("something")) };
    await assert.rejects(store.blobs.write(source, { expected, growing }), {
      code: "STORE_DIGEST",
    });
    const reader = growing.stream();
    assert.equal(String((await reader.next()).value), "something else");
    await assert.rejects(reader.next(), { code: "STORE_DIGEST" });
  });

  it("fails when its writer failed before it began", async () => {
    await using growing = new GrowingBlob();
    const signal = AbortSignal.abort(new Error("never mind"));
    await assert.rejects(store.blobs.write(new PassThrough(), { signal, growing }));
    await assert.rejects(collect(growing.stream()), /never mind/);
  });
});
