// SPDX-License-Identifier: Apache-2.0
// Images of the store by their ids: the digest of the configuration, or of the index of an image for several platforms.

import { isTsbuildError } from "../../base/index.js";
import {
  formatReference,
  isIndexType,
  ociLimits,
  parseImageDocument,
  parseManifest,
  parseReference,
  wholeId,
  withDefaultTag,
  type Descriptor,
  type ImageDocument,
} from "../../oci/index.js";
import type { Store, StoredBlob } from "../../store/index.js";

/** An image that the store has; `name`: one that it has there, in full. Some are kept without. */
export interface StoredImage {
  readonly id: string;
  readonly name?: string;
  readonly descriptor: Descriptor;
}

/** The image whose id is, or begins with, this text (4 digits or more); undefined when none is, or several are. */
export async function imageOfId(store: Store, text: string): Promise<StoredImage | undefined> {
  const hex = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(text)?.[1];
  if (hex === undefined) return undefined;
  const images = await store.images.list();
  if (wholeId(text) === undefined) {
    // What is a name, too, means the image of that name.
    const name = formatReference(withDefaultTag(parseReference(text)));
    if (images.some((image) => image.name === name)) return undefined;
  }
  const prefix = `sha256:${hex}`;
  const found = new Map<string, StoredImage>();
  for (const descriptor of await store.images.unnamed()) {
    const id = await idOfEntry(store, descriptor);
    if (id?.startsWith(prefix) === true) found.set(id, { id, descriptor });
  }
  for (const { name, descriptor } of images) {
    const id = await idOf(store, descriptor);
    if (id.startsWith(prefix)) found.set(id, { id, name, descriptor });
  }
  const all = found.size > 0 ? found : await unlisted(store, prefix);
  return all.size === 1 ? [...all.values()][0] : undefined;
}

/** Entries of other tools may be no images, or lead to nothing. */
async function idOfEntry(store: Store, descriptor: Descriptor): Promise<string | undefined> {
  try {
    return await idOf(store, descriptor);
  } catch (error) {
    if (isTsbuildError(error)) return undefined;
    throw error;
  }
}

async function idOf(store: Store, descriptor: Descriptor): Promise<string> {
  if (isIndexType(descriptor.mediaType)) return descriptor.digest;
  return parseManifest(await store.blobs.read(descriptor), descriptor.mediaType).config.digest;
}

/**
 * Images that nothing lists. Each blob whose digest begins so may be an index, or a configuration, whose manifest is looked for among
 * the small blobs; it was written at the same time in all likelihood.
 */
async function unlisted(store: Store, prefix: string): Promise<Map<string, StoredImage>> {
  const blobs: StoredBlob[] = [];
  for await (const blob of store.blobs.list())
    if (blob.size <= ociLimits.manifestBytes) blobs.push(blob);
  const found = new Map<string, StoredImage>();
  for (const blob of blobs.filter(({ digest }) => digest.startsWith(prefix))) {
    const image = (await indexAt(store, blob)) ?? (await manifestOf(store, blob, blobs));
    if (image !== undefined) found.set(blob.digest, { id: blob.digest, descriptor: image });
  }
  return found;
}

async function indexAt(store: Store, blob: StoredBlob): Promise<Descriptor | undefined> {
  const document = await documentAt(store, blob);
  return document?.kind === "index" ? descriptorOf(blob, document.index.mediaType) : undefined;
}

/** The manifest of a configuration, if the store has all layers. */
async function manifestOf(
  store: Store,
  config: StoredBlob,
  blobs: readonly StoredBlob[],
): Promise<Descriptor | undefined> {
  const distance = ({ modified }: StoredBlob): number => Math.abs(modified - config.modified);
  for (const blob of blobs.toSorted((a, b) => distance(a) - distance(b))) {
    const document = await documentAt(store, blob);
    if (document?.kind !== "manifest" || document.manifest.config.digest !== config.digest)
      continue;
    const { layers, mediaType } = document.manifest;
    const there = await Promise.all(
      layers.map(({ digest, size }) => store.blobs.has(digest, size)),
    );
    if (!there.includes(false)) return descriptorOf(blob, mediaType);
  }
  return undefined;
}

async function documentAt(store: Store, blob: StoredBlob): Promise<ImageDocument | undefined> {
  try {
    return parseImageDocument(await store.blobs.read(blob));
  } catch (error) {
    // Something else, or removed or found damaged meanwhile.
    if (isTsbuildError(error)) return undefined;
    throw error;
  }
}

function descriptorOf({ digest, size }: StoredBlob, mediaType: string): Descriptor {
  return { mediaType, digest, size };
}
