// SPDX-License-Identifier: Apache-2.0
// What stands in an OCI layout, and in Docker's archive, around the blobs. Pure.

import { canonicalJson, isRecord, type Json } from "../base/index.js";
import {
  annotationNames,
  familiarReference,
  formatReference,
  hexOf,
  algorithmOf,
  mediaTypes,
  type Descriptor,
  type Reference,
} from "../oci/index.js";
import type { PreparedImage } from "./prepare.js";

const { refName, imageName } = annotationNames;
const createdName = "org.opencontainers.image.created";

export const layoutMarker = '{"imageLayoutVersion":"1.0.0"}';

/** Where a blob stands below a layout's root. */
export function blobPath(descriptor: Descriptor): string {
  return `blobs/${algorithmOf(descriptor.digest)}/${hexOf(descriptor.digest)}`;
}

/**
 * One entry per name, so that each name can be found; without names, one, with `tag` if there is one: by it the next build
 * finds the entry that it replaces, and tools find the image.
 */
export function indexEntries(image: PreparedImage, tag?: string): Descriptor[] {
  const created = image.created === undefined ? {} : { [createdName]: image.created };
  const entry = (name?: Reference): Descriptor => {
    const named =
      name === undefined
        ? { ...(tag === undefined ? {} : { [refName]: tag }) }
        : { [imageName]: formatReference(name), [refName]: name.tag ?? formatReference(name) };
    const annotations = { ...created, ...image.root.annotations, ...named };
    const { annotations: _, ...rest } = image.root;
    return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
  };
  return image.names.length === 0 ? [entry()] : image.names.map(entry);
}

function nameIn(entry: unknown): unknown {
  const annotations = isRecord(entry) ? entry["annotations"] : undefined;
  return isRecord(annotations) ? (annotations[imageName] ?? annotations[refName]) : undefined;
}

/**
 * The text of index.json. `before`: the parsed index.json that is there already: its other images stay, an image of the
 * same name (or, without a name, of the same digest) is replaced.
 */
export function indexJson(entries: readonly Descriptor[], before?: unknown): string {
  const old = isRecord(before) && Array.isArray(before["manifests"]) ? before["manifests"] : [];
  const names = new Set(entries.map(nameIn).filter((name) => name !== undefined));
  const digests = new Set<unknown>(entries.map(({ digest }) => digest));
  const kept = (old as unknown[]).filter((entry) => {
    const name = nameIn(entry);
    if (name !== undefined) return !names.has(name);
    return !(isRecord(entry) && digests.has(entry["digest"]));
  });
  const value = {
    ...(isRecord(before) ? before : {}),
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [...kept, ...entries],
  };
  return canonicalJson(value as unknown as Json);
}

/** Docker's manifest.json for an archive of one platform. */
export function dockerManifestJson(image: PreparedImage): string {
  return canonicalJson(
    image.manifests.map(({ manifest }) => ({
      Config: blobPath(manifest.config),
      RepoTags: image.names.map(familiarReference),
      Layers: manifest.layers.map(blobPath),
    })),
  );
}
