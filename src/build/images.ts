// SPDX-License-Identifier: Apache-2.0
// What the store knows of its images, and their names: `tsbuild images`, `inspect`, `tag` and `untag`.

import { TsbuildError, defined, didYouMean, isTsbuildError, parseBoolean } from "../base/index.js";
import {
  choosePlatform,
  formatPlatform,
  formatReference,
  hostPlatform,
  isAttestation,
  isIndexType,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseReference,
  wholeId,
  withDefaultTag,
  type Descriptor,
  type Digest,
  type ImageConfig,
  type ImageIndex,
  type Manifest,
} from "../oci/index.js";
import { imageOfId, type StoredImage } from "../steps/index.js";
import { openStore, type Store } from "../store/index.js";
import { defaultStoreRoot } from "./store-root.js";

type Listed = Pick<StoredImage, "name" | "descriptor">;

export interface ImageSummary {
  /** Absent: it is kept without one. */
  readonly name?: string;
  /** Digest of the configuration; of the index when the image is for several platforms. */
  readonly id: string;
  readonly digest: string;
  /** All of them, separated by commas. */
  readonly platform: string;
  /** Bytes of all blobs, as stored. */
  readonly size: number;
  readonly created?: string;
}

export interface ImageDetails extends ImageSummary {
  /** Of an image for several platforms. */
  readonly index?: ImageIndex;
  /** For this machine's platform where the image has it. */
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

async function readDetails(store: Store, image: Listed): Promise<ImageDetails> {
  const { name, descriptor } = image;
  if (!isIndexType(descriptor.mediaType)) return readImage(store, image);
  const index = parseIndex(await store.blobs.read(descriptor), descriptor.mediaType);
  const entries = index.manifests.filter((entry) => !isAttestation(entry));
  const images = await Promise.all(
    entries.map((entry) => readImage(store, { ...image, descriptor: entry })),
  );
  const chosen = choosePlatform(index, hostPlatform());
  const shown = images.find(({ digest }) => digest === chosen?.digest) ?? images[0];
  if (shown === undefined)
    throw new TsbuildError(
      "BUILD_IMAGE_NOT_FOUND",
      `the index ${name ?? descriptor.digest} has no image`,
    );
  const blobs = images.flatMap(({ manifest }) => [manifest.config, ...manifest.layers]);
  const sizes = new Map(
    [descriptor, ...entries, ...blobs].map(({ digest, size }) => [digest, size]),
  );
  return {
    ...shown,
    id: descriptor.digest,
    digest: descriptor.digest,
    platform: images.map(({ platform }) => platform).join(","),
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    index,
  };
}

async function readImage(store: Store, { name, descriptor }: Listed): Promise<ImageDetails> {
  const manifest = parseManifest(await store.blobs.read(descriptor), descriptor.mediaType);
  const config = parseImageConfig(await store.blobs.read(manifest.config));
  const size = manifest.layers.reduce(
    (sum, layer) => sum + layer.size,
    descriptor.size + manifest.config.size,
  );
  return {
    ...defined({ name }),
    id: manifest.config.digest,
    digest: descriptor.digest,
    platform: formatPlatform(config),
    size,
    ...defined({ created: config.created }),
    manifest,
    config,
  };
}

async function withStore<T>(action: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openStore({ root: defaultStoreRoot(process.env) });
  return await action(store);
}

/** Those with names first. `filters`: see {@link imageFilter}. Errors: BUILD_IMAGE_FILTER. */
export function listImages(filters: readonly string[] = []): Promise<ImageSummary[]> {
  const tests = filters.map(imageFilter);
  return withStore(async (store) => {
    const named = (await store.images.list()).map((image) => readDetails(store, image));
    const unnamed = (await store.images.unnamed()).map((one) => unnamedDetails(store, one));
    return (await Promise.all([...named, ...unnamed]))
      .filter((image) => image !== undefined)
      .filter((image) => tests.every((test) => test(image)))
      .map(({ manifest: _manifest, config: _config, index: _index, ...summary }) => summary);
  });
}

/** `dangling=true|false`: without a name, or with one; `label=NAME[=VALUE]`. As a test; all filters must hold. */
function imageFilter(filter: string): (image: ImageDetails) => boolean {
  const [key = "", ...rest] = filter.split("=");
  const value = rest.join("=");
  const dangling = parseBoolean(value);
  if (key === "dangling" && dangling !== undefined)
    return ({ name }) => (name === undefined) === dangling;
  if (key === "label" && value !== "") {
    const [label = "", ...text] = value.split("=");
    return ({ config }) => {
      const found = config.config?.Labels?.[label];
      return found !== undefined && (text.length === 0 || found === text.join("="));
    };
  }
  throw new TsbuildError("BUILD_IMAGE_FILTER", `invalid filter ${JSON.stringify(filter)}`, {
    hint: "Filters are dangling=true, dangling=false, label=NAME and label=NAME=VALUE.",
  });
}

/** Undefined: other tools list what is no image, or is not there. */
async function unnamedDetails(
  store: Store,
  descriptor: Descriptor,
): Promise<ImageDetails | undefined> {
  try {
    return await readDetails(store, { descriptor });
  } catch (error) {
    if (isTsbuildError(error)) return undefined;
    throw error;
  }
}

function nameOf(text: string): string {
  return formatReference(withDefaultTag(parseReference(text)));
}

/**
 * Takes names away, and of images without a name, by their ids, what keeps them; blobs stay until a prune. Errors:
 * BUILD_IMAGE_NOT_FOUND, and then nothing was taken.
 */
export function untagImages(
  texts: readonly string[],
): Promise<{ readonly names: readonly string[]; readonly images: readonly Digest[] }> {
  return withStore(async (store) => {
    const known = (await store.images.list()).map((image) => image.name);
    const kept = (await store.images.unnamed()).map(({ digest }) => digest);
    const names = new Set<string>();
    const images = new Set<Digest>();
    for (const text of texts) {
      const digest = (await imageOfId(store, text))?.descriptor.digest;
      const name = wholeId(text) ?? nameOf(text);
      if (digest !== undefined && kept.includes(digest)) images.add(digest);
      else if (known.includes(name)) names.add(name);
      else throw notFound(name, known);
    }
    await store.images.remove([...names]);
    await store.images.release([...images]);
    return { names: [...names], images: [...images] };
  });
}

function notFound(name: string, known: readonly string[]): TsbuildError {
  return new TsbuildError(
    "BUILD_IMAGE_NOT_FOUND",
    `no image ${name} in the store${didYouMean(name, known)}`,
    { hint: "`tsbuild images` lists them." },
  );
}

/** The image of the store that a name, an id or the beginning of one means. Errors: BUILD_IMAGE_NOT_FOUND, OCI_REFERENCE. */
export async function storedImage(store: Store, text: string): Promise<Listed> {
  const found = await imageOfId(store, text);
  if (found !== undefined) return found;
  const name = wholeId(text) ?? nameOf(text);
  const images = await store.images.list();
  const image = images.findLast((known) => known.name === name);
  if (image !== undefined) return image;
  throw notFound(
    name,
    images.map((known) => known.name),
  );
}

/** Gives an image further names; in full. Errors: BUILD_IMAGE_NOT_FOUND, OCI_REFERENCE. */
export function tagImage(text: string, tags: readonly string[]): Promise<readonly string[]> {
  return withStore(async (store) => {
    const names = tags.map(nameOf);
    const { descriptor } = await storedImage(store, text);
    await store.images.set(names.map((name) => ({ name, descriptor })));
    return names;
  });
}

/** Errors: BUILD_IMAGE_NOT_FOUND. */
export function inspectImage(text: string): Promise<ImageDetails> {
  return withStore(async (store) => readDetails(store, await storedImage(store, text)));
}
