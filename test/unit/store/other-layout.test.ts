// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "node:test";
import { digestOf, hexOf, mediaTypes } from "#src/oci/index.js";
import { readLayoutBlob, readLayoutIndex } from "#src/store/index.js";

let layout: string;
beforeEach(() => {
  layout = mkdtempSync(join(tmpdir(), "tsbuild-layout-"));
});
afterEach(() => {
  rmSync(layout, { recursive: true });
});

const text = "a blob";
const descriptor = {
  mediaType: mediaTypes.ociManifest,
  digest: digestOf(text),
  size: text.length,
};
const read = (): Promise<Buffer> =>
  buffer(readLayoutBlob(layout, descriptor, new AbortController().signal));

describe("a layout of others", () => {
  it("has its index read, and its blobs", async () => {
    const index = { schemaVersion: 2, manifests: [descriptor] };
    writeFileSync(join(layout, "index.json"), JSON.stringify(index));
    mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
    writeFileSync(join(layout, "blobs/sha256", hexOf(descriptor.digest)), text);
    const { manifests } = await readLayoutIndex(layout);
    assert.deepEqual(manifests[0]?.digest, descriptor.digest);
    assert.equal((await read()).toString(), text);
  });

  it("is none without an index.json, or with one that is endless", async () => {
    await assert.rejects(readLayoutIndex(layout), { code: "STORE_LAYOUT" });
    await assert.rejects(readLayoutIndex(join(layout, "none")), { code: "STORE_LAYOUT" });
    const index = join(layout, "index.json");
    writeFileSync(index, "{}");
    truncateSync(index, 2 ** 40);
    await assert.rejects(readLayoutIndex(layout), { code: "STORE_LAYOUT" });
  });

  it("is not read to the end of a blob that is longer than its size", async () => {
    mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
    const file = join(layout, "blobs/sha256", hexOf(descriptor.digest));
    writeFileSync(file, "");
    truncateSync(file, 2 ** 40);
    assert.equal((await read()).byteLength, descriptor.size + 1);
  });

  it("is not waited for where a file of it is a fifo, nor read where it is a device without end", async () => {
    const index = join(layout, "index.json");
    symlinkSync("/dev/zero", index);
    await assert.rejects(readLayoutIndex(layout), { code: "STORE_LAYOUT" });
    rmSync(index);
    execFileSync("mkfifo", [index]);
    await assert.rejects(readLayoutIndex(layout), { code: "STORE_LAYOUT" });
    mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
    execFileSync("mkfifo", [join(layout, "blobs/sha256", hexOf(descriptor.digest))]);
    await assert.rejects(read(), { code: "STORE_LAYOUT" });
  });
});
