// SPDX-License-Identifier: Apache-2.0
// From the build's result to the image that an output writes: names gathered, annotations put in, media types changed
// where asked. Changed documents go into the store, like everything else that has a digest.

import { TsbuildError, defined } from "../base/index.js";
import {
  encodeIndex,
  encodeManifest,
  formatPlatform,
  formatReference,
  isAttestation,
  isForeignLayerType,
  isManifestType,
  isIndexType,
  mediaTypes,
  ociLimits,
  parseImageConfig,
  parseIndex,
  parseManifest,
  samePlatform,
  toDistributableType,
  toDockerType,
  withDefaultTag,
  type Descriptor,
  type EncodedDocument,
  type ImageIndex,
  type Manifest,
  type Platform,
  type Reference,
} from "../oci/index.js";
import type { Store } from "../store/index.js";
import type { ImageWish } from "./attributes.js";
import type { Annotation, ExportInput } from "./types.js";

export interface PreparedImage {
  /** The image (manifest or index), with the annotations of its descriptor. */
  readonly root: Descriptor;
  /** The manifests below the root, or the root's own. */
  readonly manifests: readonly { readonly descriptor: Descriptor; readonly manifest: Manifest }[];
  /** Everything that the image consists of, each once: root, manifests, configs, layers. */
  readonly blobs: readonly Descriptor[];
  readonly configDigest: string;
  /** RFC 3339, from the (first) config. */
  readonly created?: string;
  /** Each once, with a tag unless none is to be set. */
  readonly names: readonly Reference[];
}

type Level = Annotation["level"];

function annotationsFor(
  all: readonly Annotation[],
  level: Level,
  platform?: Platform,
): Record<string, string> | undefined {
  const fitting = all.filter(
    (a) =>
      a.level === level &&
      (a.platform === undefined || platform === undefined || samePlatform(a.platform, platform)),
  );
  return fitting.length === 0
    ? undefined
    : Object.fromEntries(fitting.map(({ key, value }) => [key, value]));
}

function annotated<T extends { readonly annotations?: Readonly<Record<string, string>> }>(
  value: T,
  more: Record<string, string> | undefined,
): T {
  return more === undefined ? value : { ...value, annotations: { ...value.annotations, ...more } };
}

function dockerType(descriptor: Descriptor): Descriptor {
  const mediaType = toDockerType(descriptor.mediaType);
  if (mediaType === undefined)
    throw new TsbuildError(
      "EXPORT_UNSUPPORTED",
      `Docker's media types have none for ${descriptor.mediaType}`,
      {
        hint: "use compression=gzip with force-compression=true, or leave oci-mediatypes=false out",
      },
    );
  return { ...descriptor, mediaType };
}

/** A layer that the image has itself, wherever its bytes came from. */
function ownLayer(layer: Descriptor): Descriptor {
  const mediaType = toDistributableType(layer.mediaType);
  if (mediaType === layer.mediaType) return layer;
  const { urls: _, ...rest } = layer;
  return { ...rest, mediaType };
}

function typed(manifest: Manifest, { docker, foreign }: ImageWish): Manifest {
  const own =
    foreign || !manifest.layers.some(({ mediaType }) => isForeignLayerType(mediaType))
      ? manifest
      : { ...manifest, layers: manifest.layers.map(ownLayer) };
  return docker
    ? { ...own, config: dockerType(own.config), layers: own.layers.map(dockerType) }
    : own;
}

async function save(
  store: Store,
  document: EncodedDocument,
  like: Descriptor,
): Promise<Descriptor> {
  await store.blobs.writeBytes(document.bytes, { expected: document.descriptor });
  return { ...like, ...document.descriptor };
}

async function prepareManifest(
  store: Store,
  descriptor: Descriptor,
  wish: ImageWish,
): Promise<{ descriptor: Descriptor; manifest: Manifest; platform: Platform; created?: string }> {
  const bytes = await store.blobs.read(descriptor, ociLimits.manifestBytes);
  const manifest = parseManifest(bytes, descriptor.mediaType);
  const config = parseImageConfig(await store.blobs.read(manifest.config, ociLimits.configBytes));
  const platform: Platform = descriptor.platform ?? {
    os: config.os,
    architecture: config.architecture,
    ...defined({ variant: config.variant }),
  };
  const extra = annotationsFor(wish.annotations, "manifest", platform);
  const changed = annotated(typed(manifest, wish), extra);
  const saved =
    changed === manifest ? descriptor : await save(store, encodeManifest(changed), descriptor);
  return {
    descriptor: annotated(saved, annotationsFor(wish.annotations, "manifest-descriptor", platform)),
    manifest: { ...changed, mediaType: saved.mediaType },
    platform,
    ...defined({ created: config.created }),
  };
}

/** Refuses annotations that would silently go nowhere. */
function checkPlaces(wish: ImageWish, platforms: readonly Platform[], hasIndex: boolean): void {
  for (const { level, platform, key } of wish.annotations) {
    if (level.startsWith("index") && !hasIndex)
      throw new TsbuildError(
        "EXPORT_ANNOTATION",
        `index annotations not supported for single platform export: ${key} has no index to go to`,
      );
    if (platform !== undefined && !platforms.some((p) => samePlatform(p, platform)))
      throw new TsbuildError(
        "EXPORT_ANNOTATION",
        `annotation ${key}: the image has no platform ${formatPlatform(platform)}`,
        { hint: `it has ${platforms.map(formatPlatform).join(", ")}` },
      );
  }
}

/** The names of the whole build, or, where it has none, those of the output: so do the builders whose flags these are. */
function namesOf(input: Pick<ExportInput, "names">, wish: ImageWish): Reference[] {
  const given = input.names.length > 0 ? input.names : wish.names;
  const tagged = wish.untagged === true ? given : given.map(withDefaultTag);
  return [...new Map(tagged.map((name) => [formatReference(name), name])).values()];
}

async function prepareIndex(
  { store, image, ...input }: ExportInput,
  descriptor: Descriptor,
  wish: ImageWish,
): Promise<{
  root: Descriptor;
  index: ImageIndex;
  images: Awaited<ReturnType<typeof prepareManifest>>[];
}> {
  const bytes = await store.blobs.read(descriptor, ociLimits.manifestBytes);
  const index = parseIndex(bytes, descriptor.mediaType);
  const images = [];
  const entries: Descriptor[] = [];
  for (const entry of index.manifests) {
    if (!isManifestType(entry.mediaType) || isAttestation(entry)) {
      if (isIndexType(entry.mediaType))
        throw new TsbuildError("EXPORT_UNSUPPORTED", "an index within an index cannot be exported");
      entries.push(entry);
      continue;
    }
    const image = await prepareManifest(store, entry, wish);
    images.push(image);
    entries.push(image.descriptor);
  }
  if (image?.attest !== undefined) {
    if (wish.docker)
      throw new TsbuildError("EXPORT_UNSUPPORTED", "attestations need OCI media types", {
        hint: "leave oci-mediatypes=false out, or say --provenance=false",
      });
    const names = namesOf(input, wish);
    for (const { descriptor: manifest, platform } of images)
      entries.push(await image.attest(manifest, names, platform, wish.artifacts));
  }
  const changed = annotated(
    { ...index, manifests: entries },
    annotationsFor(wish.annotations, "index"),
  );
  const type = wish.docker ? mediaTypes.dockerIndex : mediaTypes.ociIndex;
  const touched =
    changed.annotations !== index.annotations ||
    entries.length !== index.manifests.length ||
    entries.some((entry, i) => entry !== index.manifests[i]) ||
    (wish.docker && index.mediaType !== type);
  const root = touched ? await save(store, encodeIndex(changed, type), descriptor) : descriptor;
  return {
    root: annotated(root, annotationsFor(wish.annotations, "index-descriptor")),
    index: changed,
    images,
  };
}

/** Brings the build's image into the form that an output wants. Throws EXPORT_ANNOTATION, EXPORT_UNSUPPORTED, STORE_*, OCI_*. */
export async function prepareImage(input: ExportInput, wish: ImageWish): Promise<PreparedImage> {
  const { image, store } = input;
  if (image === undefined)
    throw new TsbuildError("EXPORT_UNSUPPORTED", "the build gave no image to this output");
  const several =
    image.index === undefined ? undefined : await prepareIndex(input, image.index, wish);
  const images = several?.images ?? [await prepareManifest(store, image.manifest, wish)];
  const [first] = images;
  if (first === undefined)
    throw new TsbuildError("EXPORT_UNSUPPORTED", "the index holds no image to export");
  checkPlaces(
    wish,
    images.map(({ platform }) => platform),
    several !== undefined,
  );
  const root = several?.root ?? first.descriptor;
  const attestations = several?.index.manifests.filter((entry) => isAttestation(entry)) ?? [];
  const parts = images.flatMap(({ descriptor, manifest }) => [
    descriptor,
    manifest.config,
    ...manifest.layers,
  ]);
  for (const entry of attestations) {
    const manifest = parseManifest(await store.blobs.read(entry, ociLimits.manifestBytes));
    parts.push(entry, manifest.config, ...manifest.layers);
  }
  const blobs = new Map([root, ...parts].map((part) => [part.digest, part]));
  return {
    root,
    manifests: images,
    blobs: [...blobs.values()],
    configDigest: first.manifest.config.digest,
    ...defined({ created: first.created }),
    names: namesOf(input, wish),
  };
}
