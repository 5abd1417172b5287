// SPDX-License-Identifier: Apache-2.0
// Unpacking the layers of an image into states.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { isTsbuildError } from "#src/base/index.js";
import { asDiffId, digestFromHex, type Descriptor } from "#src/oci/index.js";
import { createSnapshots, type Snapshots, type UnpackLayer } from "#src/snapshot/index.js";
import { openStore, type Store } from "#src/store/index.js";
import { treeOf } from "../support/layers.js";
import { sandboxFixture, type SandboxFixture } from "../support/sandbox.js";
import { inPieces, tarOf, type RawEntry } from "../support/tar-builder.js";

const signal = new AbortController().signal;
let box: SandboxFixture;
let store: Store;
let snapshots: Snapshots;
const blobs = new Map<string, Buffer>();
before(async () => {
  box = sandboxFixture();
  store = await openStore({ root: box.store });
  snapshots = await createSnapshots({ store, sandbox: box.sandbox, signal });
});
after(async () => {
  await store.close();
  await box[Symbol.asyncDispose]();
});

const sha = (bytes: Buffer): ReturnType<typeof digestFromHex> =>
  digestFromHex(createHash("sha256").update(bytes).digest("hex"));

function layer(...entries: readonly RawEntry[]): UnpackLayer {
  const tar = tarOf(...entries);
  const blob = gzipSync(tar);
  const descriptor = {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: sha(blob),
    size: blob.length,
  };
  blobs.set(descriptor.digest, blob);
  return { descriptor, diffId: asDiffId(sha(tar)) };
}

const reads: string[] = [];
function blob({ digest }: Descriptor): AsyncIterable<Uint8Array> {
  reads.push(digest);
  return inPieces(blobs.get(digest) ?? assert.fail(digest), 1000);
}

async function paths(id: Awaited<ReturnType<Snapshots["unpack"]>>): Promise<string[]> {
  const tree = await treeOf(box, { kind: "stack", lowers: snapshots.stackOf(id) });
  return tree.slice(1).map(({ path, mode, size }) => `${path} ${mode.toString(8)} ${size}`);
}

const base = layer(
  { name: "etc/", type: "5", mode: 0o750 },
  { name: "etc/a", content: "aa" },
  { name: "b", content: "b" },
);
const second = layer({ name: "etc/new", content: "new" }, { name: ".wh.b" });
const linking = layer({ name: "linked", type: "1", link: "etc/a" });

describe("unpacking an image", () => {
  it("stacks its layers, with the parents that a layer passes through as they are below", async () => {
    const seen: [number, number][] = [];
    const id = await snapshots.unpack([base, second], {
      blob,
      signal,
      onProgress: (...at) => seen.push(at),
    });
    assert.deepEqual(await paths(id), ["etc 750 0", "etc/a 644 2", "etc/new 644 3"]);
    const total = base.descriptor.size + second.descriptor.size;
    assert.deepEqual(seen.at(-1), [total, total]);
  });
  it("unpacks only what it does not have", async () => {
    reads.length = 0;
    const id = await snapshots.unpack([base, second], { blob, signal });
    assert.deepEqual(reads, []);
    const more = await snapshots.unpack([base, second, layer({ name: "c" })], { blob, signal });
    assert.equal(reads.length, 1);
    assert.deepEqual(snapshots.stackOf(more).slice(0, 2), snapshots.stackOf(id));
  });
  it("brings up what a hard link of a higher layer means", async () => {
    const id = await snapshots.unpack([base, linking], { blob, signal });
    assert.deepEqual(await paths(id), ["b 644 1", "etc 750 0", "etc/a 644 2", "linked 644 2"]);
  });
  it("leaves nothing of the layers below one that hides them all", async () => {
    const hiding = layer({ name: "etc/new" }, { name: ".wh..wh..opq" });
    const id = await snapshots.unpack([base, hiding, layer({ name: "top" })], { blob, signal });
    assert.deepEqual(await paths(id), ["etc 755 0", "etc/new 644 0", "top 644 0"]);
  });
  it("leaves nothing of them when that layer is written later, either", async () => {
    const layers = [base, layer({ name: "late" }, { name: ".wh..wh..opq" })];
    const id = await snapshots.adopt(
      layers.map((one) => ({ ...one, createdAt: 1 })),
      async ({ descriptor }) => {
        const { digest, size } = descriptor;
        await store.blobs.write(blob(descriptor), { expected: { digest, size }, signal });
      },
    );
    await snapshots.write(id, signal);
    assert.deepEqual(await paths(id), ["late 644 0"]);
  });
  it("takes an image without layers for the empty root", async () => {
    assert.equal(await snapshots.unpack([], { blob, signal }), null);
  });
  it("leaves nothing of an image with a wrong layer", async () => {
    const before = readdirSync(join(box.store, "snapshots")).sort();
    const wrong = { ...layer({ name: "x", content: "x" }), diffId: base.diffId };
    await assert.rejects(
      snapshots.unpack([layer({ name: "first" }), wrong], { blob, signal }),
      (error) => isTsbuildError(error, "LAYER_DIGEST"),
    );
    const hostile = layer({ name: "../x" });
    await assert.rejects(snapshots.unpack([hostile], { blob, signal }), (error) =>
      isTsbuildError(error, "LAYER_ENTRY"),
    );
    assert.deepEqual(readdirSync(join(box.store, "snapshots")).sort(), before);
  });
  it("does not begin more of it when one layer is wrong", async () => {
    const wrong = { ...layer({ name: "x", content: "x" }), diffId: base.diffId };
    const later = [1, 2, 3].map((i) => layer({ name: `later${i}` }));
    reads.length = 0;
    const unpacking = snapshots.unpack([wrong, wrong, ...later], { blob, signal });
    await assert.rejects(unpacking, (error) => isTsbuildError(error, "LAYER_DIGEST"));
    assert.ok(!reads.includes(later[2]?.descriptor.digest ?? ""), "the last one is not read");
  });
  it("stops when it is aborted, and leaves nothing", async () => {
    const before = readdirSync(join(box.store, "snapshots")).sort();
    const controller = new AbortController();
    const reason = new Error("stop");
    const unpacking = snapshots.unpack(
      [layer({ name: "slow", content: Buffer.alloc(100_000, "s") })],
      {
        blob: async function* (descriptor) {
          for await (const piece of blob(descriptor)) {
            controller.abort(reason);
            yield piece;
          }
        },
        signal: controller.signal,
      },
    );
    await assert.rejects(unpacking, (error) => error === reason);
    assert.deepEqual(readdirSync(join(box.store, "snapshots")).sort(), before);
  });
  it("does the work once when it is asked twice at the same time", async () => {
    reads.length = 0;
    const image = [base, layer({ name: "twice", content: "2" })];
    const [one, two] = await Promise.all([
      snapshots.unpack(image, { blob, signal }),
      snapshots.unpack(image, { blob, signal }),
    ]);
    assert.equal(one, two);
    assert.equal(reads.length, 1);
  });
});
