// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeInline, encodeRecords, type CachedLayer } from "#src/cache/index.js";
import { parseInline, parseRecords } from "#src/cache/document.js";
import { asDiffId, digestOf, type Descriptor } from "#src/oci/index.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function layer(name: string, createdAt = 1_700_000_000_000): CachedLayer {
  const descriptor: Descriptor = {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: digestOf(bytesOf(name)),
    size: name.length,
  };
  return { descriptor, diffId: asDiffId(digestOf(bytesOf(`diff ${name}`))), createdAt };
}

const key = (name: string): string => digestOf(bytesOf(`key ${name}`)).slice(7);
const [a, b, c] = [layer("a"), layer("b", 1_700_000_000_123), layer("c")];
const records = new Map([
  [key("one"), [a]],
  [key("two"), [a, b]],
  [key("other"), [a, c]],
  [key("again"), [a, b, b]],
]);

describe("a cache's document", () => {
  it("gives every result's layers back, bottom first", () => {
    const { text, blobs } = encodeRecords(records);
    assert.deepEqual(blobs, [a.descriptor, b.descriptor, c.descriptor]);
    const read = parseRecords(bytesOf(text), blobs);
    for (const [name, chain] of records) assert.deepEqual(read.get(name), chain);
    assert.equal(read.get(key("none")), undefined);
  });

  it("has what is common to results once", () => {
    const { layers } = JSON.parse(encodeRecords(records).text) as { layers: unknown[] };
    assert.equal(layers.length, 4);
  });

  it("leaves out what speaks of blobs that the manifest does not have", () => {
    const { text } = encodeRecords(records);
    const read = parseRecords(bytesOf(text), [a.descriptor, c.descriptor]);
    assert.deepEqual(read.get(key("other")), [a, c]);
    assert.equal(read.get(key("two")), undefined);
    assert.equal(read.get(key("again")), undefined);
  });

  it("is refused, or read without what makes no sense", () => {
    const blobs = [a.descriptor];
    for (const text of ["", "[]", "{", '{"layers":1}', '{"layers":[],"records":{}}', "\u00ff"])
      assert.throws(() => parseRecords(bytesOf(text), blobs), { code: "CACHE_DOCUMENT" }, text);
    const annotations = { diffID: a.diffId, createdAt: "never" };
    const own = { blob: a.descriptor.digest, parent: -1, annotations };
    const layers = [
      own,
      { ...own, parent: 1 },
      { ...own, parent: 7 },
      { ...own, parent: "0" },
      { ...own, annotations: { diffID: "x" } },
      { ...own, blob: 3 },
      null,
    ];
    const listed = layers.map((_, i) => ({
      digest: digestOf(bytesOf(String(i))),
      layers: [{ layer: i }],
    }));
    const strange = [
      { digest: "x" },
      null,
      { digest: own.blob },
      { digest: own.blob, layers: [{}] },
    ];
    const text = JSON.stringify({ layers, records: [...listed, ...strange] });
    const read = parseRecords(bytesOf(text), blobs);
    const found = layers.map((_, i) => read.get(digestOf(bytesOf(String(i))).slice(7))?.length);
    assert.deepEqual(found, [1, ...Array<undefined>(6).fill(undefined)]);
    assert.equal(read.get(listed[0]?.digest.slice(7) ?? "")?.[0]?.createdAt, 0);
  });

  it("takes memory by its length, not by the depth of what it says", () => {
    const deep = Array.from({ length: 4000 }, (_, i) => ({
      blob: a.descriptor.digest,
      parent: i - 1,
      annotations: { diffID: a.diffId },
    }));
    const layers = Array.from({ length: 10 }, () => deep).flat();
    const before = process.memoryUsage().heapUsed;
    const read = parseRecords(bytesOf(JSON.stringify({ layers, records: [] })), [a.descriptor]);
    assert.ok(process.memoryUsage().heapUsed - before < 200_000_000);
    assert.equal(read.get("x"), undefined);
  });
});

describe("an image's own cache", () => {
  const image = [a, b, c].map((one) => ({ ...one, createdAt: 5 }));
  it("names its layers by their number", () => {
    const text = encodeInline(
      records,
      image.map(({ descriptor }) => descriptor.digest),
    );
    const read = parseInline(text, image);
    assert.deepEqual(read.get(key("one")), image.slice(0, 1));
    assert.deepEqual(read.get(key("two")), image.slice(0, 2));
    assert.equal(read.get(key("other")), undefined);
  });
  it("reaches no layer that the image does not have", () => {
    for (const number of [3, -1, 0.5, "0", null]) {
      const listed = [{ digest: `sha256:${key("x")}`, layers: [{ layer: number }] }];
      const text = Buffer.from(JSON.stringify(listed)).toString("base64");
      assert.equal(parseInline(text, image).get(key("x")), undefined);
    }
    assert.throws(() => parseInline(7, image), { code: "CACHE_DOCUMENT" });
    assert.throws(() => parseInline("e30=", image), { code: "CACHE_DOCUMENT" });
  });
});
