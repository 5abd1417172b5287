// SPDX-License-Identifier: Apache-2.0
// Recomputes everything that an OCI layout claims, from the bytes: media types, sizes, digests, diffIDs, history. Written
// against the specification and sharing no code with src/, so that both do not err alike.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync, type ReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

export interface ValidImage {
  /** Names in index.json (`io.containerd.image.name`, else ref.name). */
  readonly names: readonly string[];
  readonly digest: string;
  readonly manifest: {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
    readonly annotations?: Record<string, string>;
  };
  readonly config: Record<string, unknown> & {
    readonly rootfs: { readonly diff_ids: readonly string[] };
    readonly history?: readonly { readonly empty_layer?: boolean }[];
  };
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;
const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

async function hashOf(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}

class Layout {
  readonly #directory: string;
  readonly #checked = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  path({ digest }: Descriptor): string {
    assert.match(digest, digestPattern);
    return join(this.#directory, "blobs/sha256", digest.slice("sha256:".length));
  }

  /** Checks that a blob is there, of its size and digest. */
  async check(descriptor: Descriptor): Promise<void> {
    if (this.#checked.has(descriptor.digest)) return;
    const path = this.path(descriptor);
    assert.ok(existsSync(path), `${descriptor.digest} is missing`);
    assert.equal(statSync(path).size, descriptor.size, `size of ${descriptor.digest}`);
    assert.equal(await hashOf(createReadStream(path)), descriptor.digest);
    this.#checked.add(descriptor.digest);
  }

  async json(descriptor: Descriptor): Promise<Record<string, unknown>> {
    await this.check(descriptor);
    return JSON.parse(readFileSync(this.path(descriptor), "utf8")) as Record<string, unknown>;
  }

  async diffId(layer: Descriptor): Promise<string> {
    await this.check(layer);
    const raw = (): ReadStream => createReadStream(this.path(layer));
    if (/\.tar$/.test(layer.mediaType)) return hashOf(raw());
    if (/[+.]gzip$/.test(layer.mediaType)) return hashOf(raw().pipe(createGunzip()));
    assert.match(layer.mediaType, /[+.]zstd$/, "media type of a layer");
    const tar = execFileSync("zstd", ["-dc", this.path(layer)], { maxBuffer: 2 ** 31 - 1 });
    return hashOf(Readable.from([tar]));
  }
}

async function validateManifest(
  layout: Layout,
  descriptor: Descriptor,
  names: string[],
): Promise<ValidImage> {
  const manifest = await layout.json(descriptor);
  assert.equal(manifest["schemaVersion"], 2);
  assert.equal(manifest["mediaType"], descriptor.mediaType);
  assert.equal("manifests" in manifest, false);
  const parts = manifest as unknown as ValidImage["manifest"];
  const docker = descriptor.mediaType === manifestTypes[1];
  for (const part of [parts.config, ...parts.layers])
    assert.equal(part.mediaType.includes(".docker."), docker, "one family of media types");
  const config = (await layout.json(parts.config)) as ValidImage["config"];
  for (const field of ["os", "architecture"]) assert.equal(typeof config[field], "string");
  const diffIds = [];
  for (const layer of parts.layers) diffIds.push(await layout.diffId(layer));
  assert.deepEqual(config.rootfs.diff_ids, diffIds, "diffIDs");
  if (config.history !== undefined && config.history.length > 0)
    assert.equal(
      config.history.filter((entry) => entry.empty_layer !== true).length,
      parts.layers.length,
      "history entries with a layer",
    );
  return { names, digest: descriptor.digest, manifest: parts, config };
}

/**
 * Validates an OCI layout (a directory, or a tar of one) down to the bytes of its layers, and returns its images, those of
 * an index one by one. Throws an AssertionError at the first thing that is wrong.
 */
export async function validateImage(path: string): Promise<ValidImage[]> {
  if (statSync(path).isDirectory()) return await validateDirectory(path);
  const directory = await mkdtemp(join(tmpdir(), "tsbuild-validate-"));
  try {
    execFileSync("tar", ["-xf", path, "-C", directory, "--no-same-owner"]);
    return await validateDirectory(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function validateDirectory(directory: string): Promise<ValidImage[]> {
  const layout = new Layout(directory);
  const marker: unknown = JSON.parse(readFileSync(join(directory, "oci-layout"), "utf8"));
  assert.deepEqual(marker, { imageLayoutVersion: "1.0.0" });
  const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")) as Record<
    string,
    unknown
  >;
  assert.equal(index["schemaVersion"], 2);
  assert.ok(Array.isArray(index["manifests"]));

  const byDigest = new Map<string, { descriptor: Descriptor; names: string[] }>();
  for (const descriptor of index["manifests"] as Descriptor[]) {
    const entry = byDigest.get(descriptor.digest) ?? { descriptor, names: [] };
    byDigest.set(descriptor.digest, entry);
    const name =
      descriptor.annotations?.["io.containerd.image.name"] ??
      descriptor.annotations?.["org.opencontainers.image.ref.name"];
    if (name !== undefined) entry.names.push(name);
  }
  const images: ValidImage[] = [];
  const visit = async (descriptor: Descriptor, names: string[]): Promise<void> => {
    if (manifestTypes.includes(descriptor.mediaType)) {
      images.push(await validateManifest(layout, descriptor, names));
      return;
    }
    assert.ok(indexTypes.includes(descriptor.mediaType), `media type ${descriptor.mediaType}`);
    const inner = await layout.json(descriptor);
    assert.equal(inner["mediaType"], descriptor.mediaType);
    assert.equal("layers" in inner, false);
    for (const child of inner["manifests"] as Descriptor[]) await visit(child, names);
  };
  for (const { descriptor, names } of byDigest.values()) await visit(descriptor, names);
  return images;
}
