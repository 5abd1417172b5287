// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { digestOf, mediaTypes, type Descriptor } from "#src/oci/index.js";
import { openStore, type Store } from "#src/store/index.js";

let root: string;
let store: Store;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tsbuild-store-"));
  warnings = [];
  store = await openStore({ root, onWarning: (m) => warnings.push(m) });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

const image = (text: string): Descriptor => ({
  mediaType: mediaTypes.ociManifest,
  digest: digestOf(text),
  size: text.length,
});
const indexFile = (): string => join(root, "oci/index.json");
const readIndex = async (): Promise<{
  manifests: Record<string, unknown>[];
  [k: string]: unknown;
}> => JSON.parse(await readFile(indexFile(), "utf8")) as { manifests: Record<string, unknown>[] };

describe("named images", () => {
  it("are set several at once, replaced, listed and removed", async () => {
    const [a, b] = [image("a"), image("b")];
    await store.images.set([
      { name: "docker.io/library/x:1", descriptor: a },
      { name: "docker.io/library/x:latest", descriptor: a },
    ]);
    await store.images.set([{ name: "docker.io/library/x:latest", descriptor: b }]);
    assert.deepEqual(await store.images.list(), [
      { name: "docker.io/library/x:1", descriptor: a },
      { name: "docker.io/library/x:latest", descriptor: b },
    ]);
    assert.deepEqual(await store.images.get("docker.io/library/x:1"), a);
    assert.equal(await store.images.get("docker.io/library/y:1"), undefined);
    assert.equal(await store.images.remove(["docker.io/library/x:1", "nothing/here:1"]), 1);
    assert.equal((await store.images.list()).length, 1);
  });

  it("are one descriptor per name in index.json, with the annotations that other tools read", async () => {
    await store.images.set([
      { name: "docker.io/library/x:1", descriptor: { ...image("a"), annotations: { k: "v" } } },
    ]);
    const index = await readIndex();
    assert.equal(index["schemaVersion"], 2);
    assert.deepEqual(index.manifests[0]?.["annotations"], {
      k: "v",
      "org.opencontainers.image.ref.name": "docker.io/library/x:1",
      "io.containerd.image.name": "docker.io/library/x:1",
    });
    assert.deepEqual((await store.images.get("docker.io/library/x:1"))?.annotations, { k: "v" });
  });

  it("leave the entries and fields of other tools alone", async () => {
    const foreign = {
      ...image("f"),
      annotations: { "org.opencontainers.image.ref.name": "v1" },
      extra: 1,
    };
    await writeFile(
      indexFile(),
      JSON.stringify({
        schemaVersion: 2,
        manifests: [foreign],
        annotations: { a: "b" },
        other: true,
      }),
    );
    await store.images.set([{ name: "docker.io/library/x:1", descriptor: image("a") }]);
    const index = await readIndex();
    assert.deepEqual(index.manifests[0], foreign);
    assert.equal(index["other"], true);
    assert.deepEqual(index["annotations"], { a: "b" });
    assert.equal((await store.images.list()).length, 1);
  });

  it("may be kept without a name, once, until they are released; a name hides that", async () => {
    const [a, b] = [image("a"), image("b")];
    await store.images.keep([a, b, a]);
    await store.images.keep([b]);
    assert.deepEqual(await store.images.unnamed(), [a, b]);
    assert.deepEqual(await store.images.list(), []);
    await store.images.set([{ name: "docker.io/library/x:1", descriptor: a }]);
    assert.deepEqual(await store.images.unnamed(), [b]);
    await store.images.remove(["docker.io/library/x:1"]);
    assert.deepEqual(await store.images.unnamed(), [a, b]);
    assert.equal((await store.images.roots()).descriptors.length, 2);
    assert.equal(await store.images.release([a.digest, image("c").digest]), 1);
    assert.deepEqual(await store.images.unnamed(), [b]);
  });

  it("of other tools, which are no images or have names of their own, are not among those without", async () => {
    const named = {
      ...image("f"),
      annotations: { "org.opencontainers.image.ref.name": "v1" },
    };
    const signature = { ...image("s"), artifactType: "application/x.signature" };
    const layer = { ...image("l"), mediaType: "application/vnd.oci.image.layer.v1.tar" };
    const manifests = [named, signature, layer, 7, null];
    await writeFile(indexFile(), JSON.stringify({ schemaVersion: 2, manifests }));
    assert.deepEqual(await store.images.unnamed(), []);
    assert.equal(await store.images.release([image("f").digest, image("s").digest]), 0);
    assert.equal((await readIndex()).manifests.length, 5);
  });

  it("pass over a damaged entry with a warning", async () => {
    const bad = {
      ...image("a"),
      digest: "sha256:../../x",
      annotations: { "io.containerd.image.name": "h/x:1" },
    };
    await writeFile(indexFile(), JSON.stringify({ schemaVersion: 2, manifests: [bad, 7, null] }));
    assert.deepEqual(await store.images.list(), []);
    assert.equal(warnings.length, 1);
  });

  it("begin anew when index.json is damaged, and keep the damaged file", async () => {
    await writeFile(indexFile(), "{ not json");
    assert.deepEqual(await store.images.list(), []);
    await store.images.set([{ name: "docker.io/library/x:1", descriptor: image("a") }]);
    assert.equal((await store.images.list()).length, 1);
    assert.deepEqual(await readdir(join(root, "corrupt")), ["index.json"]);
    assert.ok(warnings.length > 0);
  });

  it("are not read from what has no end", async () => {
    await rm(indexFile(), { force: true });
    await symlink("/dev/zero", indexFile());
    await assert.rejects(store.images.list(), { code: "STORE_IO" });
  });

  it("set by many at once are all there in the end", async () => {
    await using second = await openStore({ root });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? store : second).images.set([
          { name: `docker.io/library/x:${i}`, descriptor: image(String(i)) },
        ]),
      ),
    );
    assert.equal((await store.images.list()).length, 20);
  });
});
