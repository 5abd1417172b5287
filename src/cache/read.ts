// SPDX-License-Identifier: Apache-2.0
// From what a name of a cache means to its records: an image whose configuration is the cache, an index that lists the cache's
// blobs, or an image (or several, in an index) that holds the cache of its own layers.

import { TsbuildError } from "../base/index.js";
import {
  checkLayerCount,
  digestOf,
  isAttestation,
  isManifestType,
  ociLimits,
  parseImageConfig,
  parseImageDocument,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type Manifest,
} from "../oci/index.js";
import {
  cacheConfigType,
  inlineCacheField,
  parseInline,
  parseRecords,
  type CachedLayer,
  type CacheRecords,
} from "./document.js";
import type { OpenedCache } from "./types.js";

/** Images of an index whose caches are read: more than there are platforms. */
const maxImages = 100;

/** Reads the parts of one image. */
export interface DocumentReader {
  /** A manifest or configuration, not yet verified. */
  document(descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Errors: CACHE_DOCUMENT, OCI_*, what the reader throws. */
export async function readCaches(
  top: Descriptor,
  reader: DocumentReader,
  signal: AbortSignal,
): Promise<readonly OpenedCache[]> {
  const opened = (records: CacheRecords): OpenedCache => ({
    records,
    blob: (layer, own) => reader.blob(layer, own),
  });
  const found: OpenedCache[] = [];
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const bytes = await verified(reader, descriptor, signal);
    const document = parseImageDocument(bytes, descriptor.mediaType);
    if (document.kind === "manifest") {
      const records = await recordsOf(document.manifest, reader, signal);
      if (records !== undefined) found.push(opened(records));
      return;
    }
    const { manifests } = document.index;
    const config = manifests.find(({ mediaType }) => mediaType === cacheConfigType);
    if (config !== undefined)
      found.push(opened(parseRecords(await verified(reader, config, signal), manifests)));
    else if (depth === 0) for (const image of imagesOf(document.index)) await visit(image, 1);
  };
  await visit(top, 0);
  if (found.length === 0)
    throw new TsbuildError("CACHE_DOCUMENT", "it is an image without a cache", {
      hint: "Build it with --cache-to type=inline, or write a cache of its own with --cache-to.",
    });
  return found;
}

/** Each once, though an index of a stranger may name one, or many, ten thousand times. */
function imagesOf({ manifests }: ImageIndex): readonly Descriptor[] {
  const images = manifests.filter(
    (entry) => isManifestType(entry.mediaType) && !isAttestation(entry),
  );
  return [...new Map(images.map((image) => [image.digest, image])).values()].slice(0, maxImages);
}

async function recordsOf(
  manifest: Manifest,
  reader: DocumentReader,
  signal: AbortSignal,
): Promise<CacheRecords | undefined> {
  const bytes = await verified(reader, manifest.config, signal);
  if (manifest.config.mediaType === cacheConfigType) return parseRecords(bytes, manifest.layers);
  const config = parseImageConfig(bytes);
  const field: unknown = { ...config }[inlineCacheField];
  if (field === undefined) return undefined;
  checkLayerCount(manifest, config);
  return parseInline(field, layersOf(manifest, config));
}

/** An image's layers, with the times that its history gives them. */
function layersOf({ layers }: Manifest, { rootfs, history = [] }: ImageConfig): CachedLayer[] {
  const made = history.filter((entry) => entry.empty_layer !== true);
  return layers.flatMap((descriptor, i) => {
    const diffId = rootfs.diff_ids[i];
    const time = Date.parse(made[i]?.created ?? "");
    return diffId === undefined
      ? []
      : [{ descriptor, diffId, createdAt: Number.isNaN(time) ? 0 : time }];
  });
}

async function verified(
  reader: DocumentReader,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (descriptor.size > ociLimits.configBytes)
    throw new TsbuildError("CACHE_DOCUMENT", "a document of the cache is too large", {
      details: { digest: descriptor.digest, size: descriptor.size },
    });
  const bytes = await reader.document(descriptor, signal);
  if (digestOf(bytes) === descriptor.digest) return bytes;
  throw new TsbuildError("CACHE_DOCUMENT", "a document of the cache is not what its digest says", {
    details: { digest: descriptor.digest },
  });
}
