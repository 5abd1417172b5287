// SPDX-License-Identifier: Apache-2.0
// `--manifest`: what was built becomes part of a named index of the store, beside what other builds put there.

import { TsbuildError } from "../base/index.js";
import {
  annotationNames,
  encodeIndex,
  formatPlatform,
  formatReference,
  isAttestation,
  isIndexType,
  parseIndex,
  parseManifest,
  type Descriptor,
  type Digest,
  type ImageIndex,
  type Reference,
} from "../oci/index.js";
import type { Store } from "../store/index.js";

/**
 * Adds an image, or the parts of an index, and gives the index. An image for the same platform is replaced, everything else stays; an index that
 * is not there is begun. Builds that do so at once wait for each other. Errors: BUILD_NOT_AN_INDEX, STORE_*, OCI_*.
 */
export async function addToManifestList(
  store: Store,
  reference: Reference,
  built: Descriptor,
  signal: AbortSignal,
): Promise<Descriptor> {
  const name = formatReference(reference);
  await using _alone = await store.lock(`manifest-list ${name}`, { signal });
  const before = await store.images.get(name);
  const known = before === undefined ? { manifests: [] } : await readIndex(store, name, before);
  const added = isIndexType(built.mediaType)
    ? parseIndex(await store.blobs.read(built), built.mediaType).manifests
    : [built];
  const manifests = [...without(known.manifests, added), ...added];
  const { descriptor, bytes } = encodeIndex({ ...known, manifests });
  await store.blobs.writeBytes(bytes);
  const blobs = [descriptor.digest, ...(await partsOf(store, added))];
  await store.images.set([{ name, descriptor }], { blobs, signal });
  return descriptor;
}

async function readIndex(store: Store, name: string, descriptor: Descriptor): Promise<ImageIndex> {
  if (!isIndexType(descriptor.mediaType))
    throw new TsbuildError(
      "BUILD_NOT_AN_INDEX",
      `${name} is an image, and not an index of images`,
      {
        hint: `Choose another name, or take it away first: tsbuild untag ${name}`,
      },
    );
  return parseIndex(await store.blobs.read(descriptor), descriptor.mediaType);
}

/** What stays beside the added: images for other platforms, and what is said of those. */
function without(
  known: readonly Descriptor[],
  added: readonly Descriptor[],
): readonly Descriptor[] {
  const platforms = new Set(added.filter((entry) => !isAttestation(entry)).map(platformOf));
  const replaced = new Set<string>(added.map(({ digest }) => digest));
  for (const entry of known)
    if (!isAttestation(entry) && platforms.has(platformOf(entry))) replaced.add(entry.digest);
  return known.filter(
    ({ digest, annotations }) =>
      !replaced.has(digest) && !replaced.has(annotations?.[annotationNames.referenceDigest] ?? ""),
  );
}

function platformOf({ platform, digest }: Descriptor): string {
  return platform === undefined ? digest : formatPlatform(platform);
}

async function partsOf(store: Store, entries: readonly Descriptor[]): Promise<readonly Digest[]> {
  const parts: Digest[] = [];
  for (const entry of entries) {
    const manifest = parseManifest(await store.blobs.read(entry), entry.mediaType);
    parts.push(entry.digest, manifest.config.digest);
    parts.push(...manifest.layers.map(({ digest }) => digest));
  }
  return parts;
}
