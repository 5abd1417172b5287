// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  asDiffId,
  chainId,
  chainIds,
  checkLayerCount,
  digestOf,
  encodeConfig,
  encodeIndex,
  encodeManifest,
  mediaTypes,
  parseImageConfig,
  parseImageDocument,
  parseIndex,
  parseManifest,
} from "#src/oci/index.js";

const digest = digestOf("x");
const descriptor = (mediaType: string = mediaTypes.ociConfig): Record<string, unknown> => ({
  mediaType,
  digest,
  size: 1,
});
const manifest = (): Record<string, unknown> => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: descriptor(),
  layers: [descriptor(mediaTypes.ociLayerGzip)],
});
const index = (): Record<string, unknown> => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [descriptor(mediaTypes.ociManifest)],
});
const config = (): Record<string, unknown> => ({
  os: "linux",
  architecture: "amd64",
  rootfs: { type: "layers", diff_ids: [digest] },
});
const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

describe("manifests and indexes", () => {
  it("are told apart by what they hold", () => {
    assert.equal(parseImageDocument(bytes(manifest())).kind, "manifest");
    assert.equal(parseImageDocument(bytes(index())).kind, "index");
    assert.throws(() => parseManifest(bytes(index())), { code: "OCI_JSON" });
    assert.throws(() => parseIndex(bytes(manifest())), { code: "OCI_JSON" });
  });

  it("without a media type get that of their family, or the one they came with", () => {
    const { mediaType: _, ...plain } = manifest();
    assert.equal(parseManifest(bytes(plain)).mediaType, mediaTypes.ociManifest);
    assert.equal(
      parseManifest(bytes(plain), mediaTypes.dockerManifest).mediaType,
      mediaTypes.dockerManifest,
    );
    const docker = { ...plain, config: descriptor(mediaTypes.dockerConfig) };
    assert.equal(parseManifest(bytes(docker)).mediaType, mediaTypes.dockerManifest);
  });

  it("may have null for an empty list, as Go's tools write it", () => {
    assert.deepEqual(parseManifest(bytes({ ...manifest(), layers: null })).layers, []);
    assert.deepEqual(parseIndex(bytes({ ...index(), manifests: null })).manifests, []);
  });

  const table: readonly (readonly [why: string, value: unknown, code?: string])[] = [
    ["both layers and manifests (CVE-2021-41190)", { ...manifest(), manifests: [] }],
    ["both, in other case", { ...manifest(), Manifests: [] }],
    ["a manifest called an index", { ...manifest(), mediaType: mediaTypes.ociIndex }],
    ["an index called a manifest", { ...index(), mediaType: mediaTypes.dockerManifest }],
    ["a media type that is none of an image", { ...manifest(), mediaType: "text/plain" }],
    ["schema version 1", { ...manifest(), schemaVersion: 1 }],
    ["no schema version", { ...manifest(), schemaVersion: undefined }],
    ["schema 1 content", { schemaVersion: 2, fsLayers: [], config: descriptor() }],
    ["no config", { ...manifest(), config: undefined }],
    ["no digest", { ...manifest(), config: { mediaType: "a/b", size: 1 } }],
    [
      "a digest that is a path (CVE-2024-3727)",
      { ...manifest(), config: { ...descriptor(), digest: "sha256:../../../x" } },
    ],
    [
      "an upper-case digest",
      { ...manifest(), config: { ...descriptor(), digest: digest.toUpperCase() } },
    ],
    ["a short digest", { ...manifest(), layers: [{ ...descriptor(), digest: "sha256:abc" }] }],
    [
      "an unknown algorithm",
      { ...manifest(), layers: [{ ...descriptor(), digest: `md5:${"0".repeat(32)}` }] },
    ],
    ["a negative size", { ...manifest(), layers: [{ ...descriptor(), size: -1 }] }],
    ["a size that is no whole number", { ...manifest(), layers: [{ ...descriptor(), size: 1.5 }] }],
    [
      "a size beyond exact numbers",
      { ...manifest(), layers: [{ ...descriptor(), size: 2 ** 60 }] },
    ],
    ["a size that is text", { ...manifest(), layers: [{ ...descriptor(), size: "1" }] }],
    ["an empty media type", { ...manifest(), layers: [{ ...descriptor(), mediaType: "" }] }],
    [
      "a media type with a terminal escape",
      { ...manifest(), layers: [{ ...descriptor(), mediaType: "a\u001b[1m" }] },
    ],
    ["layers that are no list", { ...manifest(), layers: {} }],
    ["annotations that are no strings", { ...manifest(), annotations: { a: 1 } }],
    ["a list", []],
    ["null", null],
    ["text", '"x"'],
    ["no JSON", "{"],
    ["nothing", ""],
    [
      "5,000 layers",
      { ...manifest(), layers: Array.from({ length: 5000 }, () => descriptor()) },
      "OCI_LIMIT",
    ],
    ["too much text", `${" ".repeat(5_000_000)}{}`, "OCI_LIMIT"],
    ["deep nesting", `{"a":${"[".repeat(100_000)}`, "OCI_LIMIT"],
  ];
  for (const [why, value, code = "OCI_JSON"] of table)
    it(`are refused with ${why}`, () => {
      assert.throws(() => parseImageDocument(bytes(value)), { code });
    });

  it("are refused when they contradict the type they came with", () => {
    assert.throws(() => parseImageDocument(bytes(manifest()), mediaTypes.ociIndex), {
      code: "OCI_JSON",
    });
    assert.throws(() => parseImageDocument(bytes(manifest()), mediaTypes.dockerManifest), {
      code: "OCI_JSON",
    });
  });

  it("are refused when they are not UTF-8", () => {
    assert.throws(() => parseImageDocument(Buffer.from([0x7b, 0xff, 0x7d])), { code: "OCI_JSON" });
  });

  it("with a key __proto__ do no harm", () => {
    const text = JSON.stringify(manifest()).replace("{", '{"__proto__":{"polluted":1},');
    parseImageDocument(bytes(text));
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});

describe("configs", () => {
  it("keep what we do not know, and the difference of null and empty", () => {
    const parsed = parseImageConfig(
      bytes({
        ...config(),
        future: { a: 1 },
        history: null,
        config: { Cmd: null, Entrypoint: [], Labels: null, Odd: [1] },
      }),
    );
    assert.deepEqual(parsed["future"], { a: 1 });
    assert.deepEqual(parsed.config, { Cmd: null, Entrypoint: [], Odd: [1] });
    assert.equal("history" in parsed, false);
  });

  for (const [why, value] of [
    ["no os", { ...config(), os: undefined }],
    ["no architecture", { ...config(), architecture: "" }],
    ["no rootfs", { ...config(), rootfs: undefined }],
    ["another rootfs type", { ...config(), rootfs: { type: "x", diff_ids: [] } }],
    ["a bad diff id", { ...config(), rootfs: { type: "layers", diff_ids: ["sha256:0"] } }],
    ["Env that is no list", { ...config(), config: { Env: "A=b" } }],
    ["Cmd with a number", { ...config(), config: { Cmd: [1] } }],
    ["a User that is no text", { ...config(), config: { User: 0 } }],
    ["Volumes that are a list", { ...config(), config: { Volumes: [] } }],
    ["Labels that are no text", { ...config(), config: { Labels: { a: 1 } } }],
    ["a health check that is text", { ...config(), config: { Healthcheck: "x" } }],
    ["a config that is a list", { ...config(), config: [] }],
    ["history that is text", { ...config(), history: "x" }],
    ["an empty_layer that is text", { ...config(), history: [{ empty_layer: "yes" }] }],
  ] as const)
    it(`are refused with ${why}`, () => {
      assert.throws(() => parseImageConfig(bytes(value)), { code: "OCI_JSON" });
    });

  it("have to have as many diff ids as the manifest has layers", () => {
    const parsed = parseManifest(bytes(manifest()));
    checkLayerCount(parsed, parseImageConfig(bytes(config())));
    const more = { ...config(), rootfs: { type: "layers", diff_ids: [digest, digest] } };
    assert.throws(
      () => {
        checkLayerCount(parsed, parseImageConfig(bytes(more)));
      },
      {
        code: "OCI_MISMATCH",
      },
    );
  });
});

describe("encoding", () => {
  it("gives the same bytes whatever the order of the fields, and parses back", () => {
    const parsed = parseManifest(bytes(manifest()));
    const { schemaVersion: _v, mediaType: _m, ...rest } = parsed;
    const encoded = encodeManifest(rest);
    assert.deepEqual(parseManifest(encoded.bytes, encoded.descriptor.mediaType), parsed);
    const swapped = encodeManifest({ layers: rest.layers, config: rest.config });
    assert.equal(swapped.descriptor.digest, encoded.descriptor.digest);
    assert.equal(encoded.descriptor.digest, digestOf(encoded.bytes));
    assert.equal(encoded.descriptor.size, encoded.bytes.length);
  });

  it("of a manifest follows the family of its config", () => {
    const docker = encodeManifest({
      config: { mediaType: mediaTypes.dockerConfig, digest, size: 1 },
      layers: [],
    });
    assert.equal(docker.descriptor.mediaType, mediaTypes.dockerManifest);
  });

  it("of configs and indexes parses back", () => {
    const parsed = parseImageConfig(bytes(config()));
    assert.deepEqual(parseImageConfig(encodeConfig(parsed).bytes), parsed);
    const listed = parseIndex(bytes(index()));
    assert.deepEqual(parseIndex(encodeIndex({ manifests: listed.manifests }).bytes), listed);
  });
});

describe("chain ids", () => {
  it("are those of the specification", () => {
    const [a, b, c] = ["a", "b", "c"].map((text) => asDiffId(digestOf(text)));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const two = digestOf(`${a} ${b}`);
    assert.deepEqual(chainIds([a, b, c]), [a, two, digestOf(`${two} ${c}`)]);
    assert.equal(chainId([a]), a);
    assert.equal(chainId([]), undefined);
  });
});
