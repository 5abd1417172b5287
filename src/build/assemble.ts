// SPDX-License-Identifier: Apache-2.0
// From a planned image and its layers to the configuration and manifest of an OCI image.

import { defined } from "../base/index.js";
import { inlineCacheField } from "../cache/index.js";
import {
  encodeConfig,
  encodeIndex,
  encodeManifest,
  formatPlatform,
  parseManifest,
  type ContainerConfig,
  type Descriptor,
  type DiffId,
  type HistoryEntry,
  type ImageConfig,
} from "../oci/index.js";
import { historyComment, type PlannedImage } from "../plan/index.js";
import type { Store } from "../store/index.js";
import type { BuiltImage } from "./request.js";

/** A layer of the image, with what history says of it. */
export interface ImageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

/** A layer that this Dockerfile made. */
export interface BuiltLayer extends ImageLayer {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface AssembleInput {
  readonly image: PlannedImage;
  /** Of the base image, bottom first. */
  readonly baseLayers: readonly ImageLayer[];
  /** One per planned history entry with a vertex, in order. */
  readonly builtLayers: readonly BuiltLayer[];
  /** Seconds; the time of the image and of every history entry of ours. */
  readonly epoch?: number;
  /** False: the image tells nothing of how it was made. */
  readonly history: boolean;
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The image's time is one of them. */
  readonly createdAnnotation?: boolean;
  /** What the image's own layers are the results of (see cache/). */
  readonly inlineCache?: string;
}

/** Writes configuration and manifest into the store. The same input gives the same digests. */
export async function assembleImage(store: Store, input: AssembleInput): Promise<BuiltImage> {
  const layers = [...input.baseLayers, ...input.builtLayers];
  const described = imageConfig(input, layers);
  const { created } = described;
  const annotations = {
    ...input.annotations,
    ...(input.createdAnnotation === true && created !== undefined
      ? { "org.opencontainers.image.created": created }
      : {}),
  };
  const config = encodeConfig(described);
  await store.blobs.writeBytes(config.bytes);
  const manifest = encodeManifest({
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  });
  await store.blobs.writeBytes(manifest.bytes);
  const { platform } = input.image;
  return {
    platform: formatPlatform(platform),
    manifest: { ...manifest.descriptor, platform },
    config: config.descriptor,
  };
}

/** The annotations of a base's manifest, but for those that are about where it came from, and `unset`. */
export async function annotationsOfBase(
  store: Store,
  { base }: PlannedImage,
  unset: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  if (base === undefined) return {};
  const bytes = await store.blobs.read(base.manifest);
  const { annotations = {} } = parseManifest(bytes, base.manifest.mediaType);
  const own = /^org\.opencontainers\.image\.(?:created|base\..*)$/;
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => !own.test(name) && !unset.includes(name)),
  );
}

/** Writes the index of images for several platforms into the store. */
export async function assembleIndex(
  store: Store,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  const index = encodeIndex({ manifests });
  await store.blobs.writeBytes(index.bytes);
  return index.descriptor;
}

function imageConfig(input: AssembleInput, layers: readonly ImageLayer[]): ImageConfig {
  const { image, epoch } = input;
  const history = wholeHistory(input);
  // An image that is its base, unchanged, is as old as that, whatever the epoch.
  const ofBase = image.history.length === 0 ? image.base?.config.created : undefined;
  const given = epoch === undefined ? undefined : timestamp(0, epoch);
  const created = ofBase ?? history.at(-1)?.created ?? given;
  const { variant, "os.version": version } = image.platform;
  const kept = unknownFields(image.base?.config);
  return {
    ...kept,
    ...defined({ author: image.author, created }),
    architecture: image.platform.architecture,
    os: image.platform.os,
    ...defined({ variant, "os.version": version }),
    config: withoutEmpty(image.config),
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    ...(input.history ? { history } : {}),
    ...(input.inlineCache === undefined ? {} : { [inlineCacheField]: input.inlineCache }),
  };
}

/** Fields that describe one particular image, or how it once ran, and are not inherited. */
const ownFields = new Set([
  "config",
  "rootfs",
  "history",
  "created",
  "author",
  "container",
  "container_config",
  "docker_version",
  "id",
  "parent",
  inlineCacheField,
]);

/** What a base's configuration says beyond the fields that we know. */
export function unknownFields(config: ImageConfig | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config ?? {}).filter(([name]) => !ownFields.has(name)));
}

/**
 * A base's history; one that does not account for all layers gets entries that say no more than that, and entries for layers
 * that there are not have none.
 */
export function historyOfBase(entries: readonly HistoryEntry[], layers: number): HistoryEntry[] {
  let accounted = 0;
  const history = entries.map((entry): HistoryEntry => {
    if (entry.empty_layer === true) return { ...entry };
    return ++accounted > layers ? { ...entry, empty_layer: true } : { ...entry };
  });
  for (; accounted < layers; accounted++) history.push({ comment: "layer of the base image" });
  return history;
}

/**
 * The base's history and ours. Without an epoch, entries without a layer take the time of the layer before them, the base's last one if
 * need be: what was cached is no younger than what it was made of. Where there is no layer at all (a configuration on nothing), they have
 * no time, nor has the image: it is the same whenever it is made.
 */
function wholeHistory({ image, baseLayers, builtLayers, epoch }: AssembleInput): HistoryEntry[] {
  const history = historyOfBase(image.baseHistory, baseLayers.length);
  const first = builtLayers[0];
  let created =
    first === undefined && epoch === undefined
      ? image.base?.config.created
      : timestamp(first?.createdAt ?? 0, epoch);
  const built = builtLayers[Symbol.iterator]();
  for (const { createdBy, vertex } of image.history) {
    if (vertex !== undefined) {
      const layer = built.next();
      if (layer.done === true)
        throw new RangeError("every history entry with a vertex has a layer");
      created = timestamp(layer.value.createdAt, epoch);
    }
    history.push({
      ...defined({ created }),
      created_by: createdBy,
      comment: historyComment,
      ...(vertex === undefined ? { empty_layer: true } : {}),
    });
  }
  return history;
}

/**
 * RFC 3339; the epoch when there is one. Also of what is older: how long a layer has been in this store must not make its image another
 * one than elsewhere.
 */
export function timestamp(milliseconds: number, epoch: number | undefined): string {
  const time = epoch === undefined ? milliseconds : epoch * 1000;
  return new Date(time).toISOString().replace(/\.000Z$/, "Z");
}

/** Without what says nothing: readers take an empty list (`CMD []`) and an absent one for the same. */
function withoutEmpty(config: ContainerConfig): ContainerConfig {
  const says = (value: unknown): boolean =>
    value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(config).filter(([, value]) => says(value)));
}
