// SPDX-License-Identifier: Apache-2.0
// `tsbuild imagetools`: images in registries and layouts put together and looked at, by the program.

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { digestOf, mediaTypes, type Descriptor, type ImageIndex } from "#src/oci/index.js";
import { makeImage, type MadeImage } from "../support/image.js";
import { RegistryServer } from "../support/registry-server.js";
import { baseContexts, workspace } from "../support/runner.js";

const space = workspace();
const amd64 = makeImage([Buffer.from("one"), Buffer.from("two")]);
const arm64 = makeImage([Buffer.from("three")], { os: "linux", architecture: "arm64" });
let server: RegistryServer;
before(async () => {
  server = await RegistryServer.start();
  for (const [repository, image] of [
    ["amd", amd64],
    ["arm", arm64],
  ] as const) {
    const { config, layers, manifest } = image;
    for (const { bytes } of [config, ...layers]) server.putBlob(repository, bytes);
    server.putManifest(repository, "v1", manifest.mediaType, manifest.bytes);
  }
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
});

const tools = async (...args: readonly string[]): Promise<string> =>
  (await space.succeed(["imagetools", ...args])).stdout;
const at = (name: string): string => `${server.host}/${name}`;
const indexOf = (repository: string, tag = "latest"): ImageIndex =>
  JSON.parse(
    server.manifest(repository, tag)?.bytes.toString() ?? assert.fail(`no ${repository}:${tag}`),
  ) as ImageIndex;
const shown = ({ manifests }: ImageIndex): string[] =>
  manifests.map(({ digest, platform }) => `${platform?.architecture ?? "?"} ${digest}`);
const entry = (image: MadeImage, architecture: string): string =>
  `${architecture} ${image.manifest.digest}`;

describe("imagetools create", () => {
  it("makes an index of images of several repositories, and copies what they consist of", async () => {
    const metadata = join(space.directory, "metadata.json");
    const made = await tools(
      "create",
      `--tag=${at("both")}`,
      `--tag=${at("both:v1")}`,
      `--metadata-file=${metadata}`,
      "--annotation=index:of=both",
      "--annotation=manifest-descriptor[linux/arm64]:for=arm",
      at("amd:v1"),
      at("arm:v1"),
    );
    const index = indexOf("both");
    assert.deepEqual(shown(index), [entry(amd64, "amd64"), entry(arm64, "arm64")]);
    assert.deepEqual(index.annotations, { of: "both" });
    assert.deepEqual(
      index.manifests.map(({ annotations }) => annotations),
      [undefined, { for: "arm" }],
    );
    for (const { config, layers } of [amd64, arm64])
      for (const { digest, bytes } of [config, ...layers])
        assert.deepEqual(server.blob("both", digest), bytes);
    const digest = digestOf(server.manifest("both", "v1")?.bytes ?? assert.fail());
    assert.equal(made, `${at("both:latest")}@${digest}\n${at("both:v1")}@${digest}\n`);
    const written = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, unknown>;
    assert.equal((written["containerimage.descriptor"] as Descriptor).digest, digest);
    assert.equal(written["image.name"], at("both"));
  });

  it("takes digests and descriptors, and appends to what the name is", async () => {
    const file = join(space.directory, "descriptor.json");
    const platform = { os: "linux", architecture: "arm64", variant: "v9" };
    writeFileSync(file, JSON.stringify({ digest: arm64.manifest.digest, platform }));
    await tools("create", "-t", at("arm:list"), arm64.manifest.digest);
    assert.deepEqual(shown(indexOf("arm", "list")), [entry(arm64, "arm64")]);
    await tools("create", "-t", at("arm:given"), "-f", file);
    assert.deepEqual(indexOf("arm", "given").manifests[0]?.platform, platform);
    await tools("create", "--append", "-t", at("arm:list"), at("amd:v1"));
    assert.deepEqual(shown(indexOf("arm", "list")), [entry(arm64, "arm64"), entry(amd64, "amd64")]);
  });

  it("copies an index, or one image that is to be none, to the byte", async () => {
    await tools("create", "-t", at("source"), at("amd:v1"), at("arm:v1"));
    await tools("create", "-t", at("copy"), at("source"));
    assert.deepEqual(server.manifest("copy", "latest"), server.manifest("source", "latest"));
    for (const no of ["false", "0"]) {
      await tools("create", `--prefer-index=${no}`, "-t", at(`plain:${no}`), at("amd:v1"));
      assert.deepEqual(server.manifest("plain", no)?.bytes, amd64.manifest.bytes);
    }
    await tools("create", "--platform", "linux/arm64", "-t", at("less"), at("source"));
    assert.deepEqual(shown(indexOf("less")), [entry(arm64, "arm64")]);
  });

  it("brings the attestation of an image, and its signatures, from where they refer to it", async () => {
    const attestationArtifact = "application/vnd.docker.attestation.manifest.v1+json";
    const signature = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const empty = {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: server.putBlob("said", Buffer.from("{}")),
      size: 2,
    };
    /** A manifest with a subject, and the index under the tag that stands for the subject. */
    const refer = (subject: Descriptor, artifactType: string): Descriptor => {
      const layer = Buffer.from(`${artifactType} about ${subject.digest}`);
      const layers = [
        { mediaType: "text/plain", digest: server.putBlob("said", layer), size: layer.length },
      ];
      const mediaType = mediaTypes.ociManifest;
      const plain = { mediaType: subject.mediaType, digest: subject.digest, size: subject.size };
      const bytes = Buffer.from(
        JSON.stringify({
          ...{ schemaVersion: 2, mediaType, artifactType },
          ...{ config: empty, layers, subject: plain },
        }),
      );
      const digest = server.putManifest("said", digestOf(bytes), mediaType, bytes);
      const entry = { mediaType, digest, size: bytes.length, artifactType };
      const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] };
      server.putManifest(
        "said",
        subject.digest.replace(":", "-"),
        mediaTypes.ociIndex,
        Buffer.from(JSON.stringify(index)),
      );
      return entry as unknown as Descriptor;
    };
    const { config, layers, manifest } = amd64;
    for (const { bytes } of [config, ...layers]) server.putBlob("said", bytes);
    server.putManifest("said", "v1", manifest.mediaType, manifest.bytes);
    const { digest, mediaType } = manifest;
    const attestation = refer(
      { digest, mediaType, size: manifest.bytes.length } as Descriptor,
      attestationArtifact,
    );
    const signed = refer(attestation, signature);

    await tools("create", "-t", at("copied"), at("said:v1"));
    const { manifests } = indexOf("copied");
    assert.deepEqual(
      manifests.map((entry) => entry.digest),
      [digest, attestation.digest],
    );
    assert.deepEqual(manifests[1]?.annotations, {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": digest,
    });
    assert.ok(server.manifest("copied", signed.digest));

    const layout = `oci-layout://${join(space.directory, "referring")}:v1`;
    await tools("create", "-t", layout, at("copied"));
    // The copy at a registry has no tag that stands for the subject: signatures come from the source.
    await tools("create", "-t", layout, at("said:v1"));
    await tools("create", "-t", at("again"), layout);
    assert.deepEqual(indexOf("again"), indexOf("copied"));
    assert.ok(server.manifest("again", signed.digest));

    await tools(
      ...["create", "--prefer-index=false", "-t", at("alone")],
      `${at("said")}@${attestation.digest}`,
    );
    assert.equal(
      digestOf(server.manifest("alone", "latest")?.bytes ?? assert.fail()),
      attestation.digest,
    );
  });

  it("goes by way of layouts, and finds out damage", async () => {
    const layout = join(space.directory, "layout");
    await tools("create", "-t", `oci-layout://${layout}:v1`, at("amd:v1"), at("arm:v1"));
    await tools("create", "-t", at("back"), `oci-layout://${layout}:v1`);
    assert.deepEqual(shown(indexOf("back")), [entry(amd64, "amd64"), entry(arm64, "arm64")]);
    assert.equal(
      await tools("inspect", "--raw", `oci-layout://${layout}@${arm64.manifest.digest}`),
      arm64.manifest.bytes.toString(),
    );
    const [layer = assert.fail()] = arm64.layers;
    const path = join(layout, "blobs/sha256", layer.digest.slice(7));
    writeFileSync(path, Buffer.alloc(layer.bytes.length, "x"));
    const source = ["imagetools", "create", "-t", at("damaged"), `oci-layout://${layout}:v1`];
    const { stderr } = await space.fail(1, source);
    assert.match(stderr, /damaged/);
    rmSync(join(layout, "blobs/sha256", amd64.config.digest.slice(7)));
    const seen = ["imagetools", "inspect", "--format={{json .Image}}", `oci-layout://${layout}:v1`];
    assert.match((await space.fail(1, seen)).stderr, /layout has no blob sha256:/);
    assert.equal(server.manifest("damaged", "latest"), undefined);
    const other = join(space.directory, "other");
    await space.fail(1, [
      ...["imagetools", "create", "-t", `oci-layout://${other}`],
      `oci-layout://${layout}:v1`,
    ]);
    assert.equal(existsSync(other), false);
  });

  it("says what it cannot do, and then writes nothing", async () => {
    const refused = async (pattern: RegExp, ...args: readonly string[]): Promise<void> => {
      const { stderr } = await space.fail(1, ["imagetools", "create", ...args]);
      assert.match(stderr, pattern);
    };
    await refused(/no name is given/, at("amd:v1"));
    await refused(/no sources/, "-t", at("never"));
    await refused(/several repositories/, "-t", at("never"), at("amd:v1"), arm64.manifest.digest);
    await refused(/level manifest /, "-t", at("never"), "--annotation", "a=b", at("amd:v1"));
    await refused(/for linux\/s390x/, "-t", at("never"), "-p", "linux/s390x", at("amd:v1"));
    await refused(/instead of a descriptor/, "-t", at("never"), amd64.manifest.bytes.toString());
    await refused(
      /not 5/,
      "-t",
      at("amd:x"),
      JSON.stringify({ digest: amd64.manifest.digest, size: 5 }),
    );
    assert.match(await tools("create", "--dry-run", at("arm:v1")), /"architecture": "arm64"/);
    assert.equal(server.manifest("never", "latest"), undefined);
  });

  it("does not take a registry at its word", async () => {
    await using other = await RegistryServer.start();
    const [layer = assert.fail()] = amd64.layers;
    const match = new RegExp(`GET /v2/amd/blobs/${layer.digest}`);
    server.fault({ match, corrupt: true, times: 9 });
    const target = `${other.host}/elsewhere`;
    const { stderr } = await space.fail(1, ["imagetools", "create", "-t", target, at("amd:v1")]);
    assert.match(stderr, /expected sha256:/);
    assert.equal(other.manifest("elsewhere", "latest"), undefined);
  });
});

describe("imagetools inspect", () => {
  it("shows an index and its images, as text, as it is, and by a template", async () => {
    await tools("create", "-t", at("seen"), at("amd:v1"), at("arm:v1"));
    const { bytes } = server.manifest("seen", "latest") ?? assert.fail();
    const text = await tools("inspect", at("seen"));
    assert.match(
      text,
      new RegExp(
        `^Name: +${at("seen:latest")}\nMediaType: ${mediaTypes.ociIndex.replaceAll(/[.+]/g, "\\$&")}\n`,
      ),
    );
    assert.match(
      text,
      new RegExp(`Name: +${at("seen")}@${arm64.manifest.digest}\n.*\n +Platform: +linux/arm64`),
    );
    assert.equal(await tools("inspect", "--raw", at("seen")), bytes.toString());
    const of = (template: string): Promise<string> =>
      tools("inspect", "--format", template, at("seen"));
    assert.equal(await of("{{.Manifest.Digest}} {{.None}}"), `${digestOf(bytes)} <no value>\n`);
    assert.equal(await of('{{(index .Image "linux/arm64").Architecture}}'), "arm64\n");
    assert.equal(await of("{{ (index .Manifest.Manifests 1).Platform.OS }}"), "linux\n");
    const config = await tools("inspect", "--format", "{{json .Image}}", at("amd:v1"));
    assert.deepEqual(JSON.parse(config), JSON.parse(amd64.config.bytes.toString()));
    const { stderr } = await space.fail(2, [
      "imagetools",
      "inspect",
      "--format",
      "{{range .}}",
      at("seen"),
    ]);
    assert.match(stderr, /only fields, json and index/);
  });

  it("says what is wrong with an attestation, and shows no escape sequences", async () => {
    const put = (bytes: Buffer): { digest: string; size: number } => ({
      digest: server.putBlob("odd", bytes),
      size: bytes.length,
    });
    server.putBlob("odd", amd64.config.bytes);
    for (const { bytes } of amd64.layers) server.putBlob("odd", bytes);
    const { manifest } = amd64;
    server.putManifest("odd", "v1", manifest.mediaType, manifest.bytes);
    const layer = {
      mediaType: "application/vnd.in-toto+json",
      annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" },
      ...put(Buffer.from("no JSON")),
    };
    const config = { mediaType: mediaTypes.ociConfig, ...put(Buffer.from("{}")) };
    const attestation = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers: [layer] }));
    const digest = server.putManifest("odd", "a", mediaTypes.ociManifest, attestation);
    const entries = [
      {
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: manifest.bytes.length,
        platform: { os: "linux", architecture: "amd64" },
      },
      {
        mediaType: mediaTypes.ociManifest,
        digest,
        size: attestation.length,
        platform: { os: "unknown", architecture: "unknown" },
        annotations: { "vnd.docker.reference.digest": manifest.digest, x: "\u001b[31mred" },
      },
    ];
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: entries }));
    server.putManifest("odd", "latest", mediaTypes.ociIndex, index);
    const inspect = ["imagetools", "inspect", at("odd"), "--format", "{{json .Provenance}}"];
    assert.match((await space.fail(1, inspect)).stderr, /invalid attestation: it is not JSON/);
    const found = "{{(index .Manifest.Manifests 1).Annotations.x}}";
    for (const args of [[], ["--format", found], ["--format", "{{json .Manifest}}"]])
      assert.doesNotMatch(await tools("inspect", at("odd"), ...args), /\u001b/);
  });

  it("shows the provenance that a build has pushed", async () => {
    writeFileSync(join(space.directory, "Dockerfile"), "FROM busybox\n");
    const build = ["build", "--provenance=mode=min", "--push", "-t", at("proven"), "."];
    await space.succeed([...build, ...baseContexts("busybox")]);
    const template = "{{json .Provenance.SLSA.buildDefinition.buildType}} {{json .SBOM}}";
    assert.match(await tools("inspect", "--format", template, at("proven")), /buildkit.*" \{\}\n$/);
  });
});
