// SPDX-License-Identifier: Apache-2.0
// Holding and collecting: whatever the order, what a build found is there, or it did not find it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openStore, type Store } from "#src/store/index.js";

let root: string;
let build: Store;
let pruner: Store;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "tsbuild-leases-"));
  build = await openStore({ root });
  pruner = await openStore({ root });
});
afterEach(async () => {
  await build.close();
  await pruner.close();
  rmSync(root, { recursive: true });
});

/** Looks for a record as a build does. */
function find(store: Store, key: string): Promise<string | undefined> {
  return store.hold((protect) => {
    const value = store.table<string>("things").get(key);
    if (value !== undefined) protect(key);
    return value;
  });
}

/** Removes a record as a prune does. */
function take(store: Store, key: string): Promise<boolean> {
  return store.collect(({ leased, table }) => !leased.has(key) && table("things").remove(key));
}

describe("hold and collect", () => {
  it("what was found stays until the store is closed", async () => {
    await build.table<string>("things").put("a", "value");
    assert.equal(await find(build, "a"), "value");
    assert.equal(await take(pruner, "a"), false);
    await build.close();
    assert.equal(await take(pruner, "a"), true);
  });

  it("what was taken is not found", async () => {
    await build.table<string>("things").put("a", "value");
    assert.equal(await take(pruner, "a"), true);
    assert.equal(await find(build, "a"), undefined);
  });

  it("another process's removal is seen at once", async () => {
    await build.table<string>("things").put("a", "value");
    assert.equal(build.table<string>("things").get("a"), "value");
    const script = `
      const { openStore } = await import(${JSON.stringify(import.meta.resolve("#src/store/index.js"))});
      const store = await openStore({ root: ${JSON.stringify(root)} });
      await store.collect(({ table }) => table("things").remove("a"));
      await store.close();`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    assert.equal(status, 0, stderr.toString());
    assert.equal(await find(build, "a"), undefined);
  });

  it("nothing changes when the decision throws", async () => {
    const { digest } = await pruner.blobs.writeBytes(Buffer.from("x"));
    await build.table<string>("things").put("a", "value");
    await assert.rejects(
      pruner.collect(({ table, removeBlob }) => {
        table("things").remove("a");
        removeBlob(digest);
        throw new RangeError("no");
      }),
      RangeError,
    );
    assert.equal(await find(build, "a"), "value");
    assert.equal(await pruner.blobs.size(digest), 1);
  });

  it("tables are of no use after the decision", async () => {
    const table = await pruner.collect((collection) => collection.table<string>("things"));
    assert.throws(() => table.get("a"), { code: "STORE_CLOSED" });
  });

  it("blobs that are written or asked for are protected", async () => {
    const { digest } = await build.blobs.writeBytes(Buffer.from("bytes"));
    assert.ok((await pruner.leased()).has(digest));
    await build.close();
    assert.ok(!(await pruner.leased()).has(digest));
    assert.equal(await pruner.blobs.has(digest), true);
    assert.ok((await pruner.leased()).has(digest));
  });

  it("a blob that is taken away is gone, and no scratch stays", async () => {
    const { digest } = await build.blobs.writeBytes(Buffer.from("bytes"));
    await pruner.collect(({ removeBlob }) => {
      removeBlob(digest);
    });
    assert.equal(await build.blobs.has(digest), false);
  });

  it("the state of the list of images changes when an image is named", async () => {
    const { digest, size } = await build.blobs.writeBytes(Buffer.from("{}"));
    const before = (await pruner.images.roots()).version;
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    await build.images.set([
      { name: "docker.io/library/x:1", descriptor: { mediaType, digest, size } },
    ]);
    const { version, descriptors } = await pruner.images.roots();
    assert.notEqual(version, before);
    assert.deepEqual(
      descriptors.map((one) => one.digest),
      [digest],
    );
    assert.equal(await pruner.collect(({ imagesVersion }) => imagesVersion), version);
  });
});
