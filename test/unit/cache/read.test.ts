// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCaches } from "#src/cache/read.js";
import { digestOf, mediaTypes, type Descriptor } from "#src/oci/index.js";

const documents = new Map<string, Buffer>();
const put = (mediaType: string, value: object): Descriptor => {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = digestOf(bytes);
  documents.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
};

/** An image whose cache has no records. */
function image(name: string): Descriptor {
  const config = put(mediaTypes.ociConfig, {
    ...{ os: "linux", architecture: "amd64", author: name },
    rootfs: { type: "layers", diff_ids: [] },
    "moby.buildkit.cache.v0": Buffer.from("[]").toString("base64"),
  });
  const mediaType = mediaTypes.ociManifest;
  return put(mediaType, { schemaVersion: 2, mediaType, config, layers: [] });
}

/** How many documents an index of these images makes one read. */
async function documentsRead(images: readonly Descriptor[]): Promise<number> {
  const mediaType = mediaTypes.ociIndex;
  const top = put(mediaType, { schemaVersion: 2, mediaType, manifests: images });
  let count = 0;
  const reader = {
    document: ({ digest }: Descriptor) => {
      count++;
      return Promise.resolve(documents.get(digest) ?? Buffer.alloc(0));
    },
    blob: () => assert.fail("no layer is asked for"),
  };
  await readCaches(top, reader, new AbortController().signal);
  return count;
}

describe("an index of images with caches", () => {
  it("is read image by image", async () => {
    assert.equal(await documentsRead([image("a"), image("b")]), 5);
  });
  it("makes nobody read one image again, or images without end", async () => {
    assert.equal(await documentsRead(Array.from({ length: 1000 }, () => image("a"))), 3);
    assert.equal(await documentsRead(Array.from({ length: 1000 }, (_, i) => image(`${i}`))), 201);
  });
});
