// SPDX-License-Identifier: Apache-2.0
// One index of several images and indexes, with docker buildx's rules. Pure.

import { TsbuildError } from "../../base/index.js";
import type { Annotation } from "../../export/index.js";
import {
  annotationNames,
  attestationType,
  encodeIndex,
  formatPlatform,
  isDockerType,
  isIndexType,
  mediaTypes,
  parseImageDocument,
  parseIndex,
  samePlatform,
  type Descriptor,
  type Digest,
  type EncodedDocument,
  type Platform,
} from "../../oci/index.js";
import type { Place } from "./place.js";

/** An image or an index that is put in. */
export interface Source {
  readonly place: Place;
  /** With the platform, if it is an image. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** What is pushed, and where what it names comes from. */
export interface Combined extends EncodedDocument {
  /** Of the entries of an index. */
  readonly origins: ReadonlyMap<Digest, Place>;
}

export interface CombineOptions {
  /** Of levels `index` and `manifest-descriptor`. */
  readonly annotations: readonly Annotation[];
  /** One source that is an image, not an index, becomes an index as well. */
  readonly preferIndex: boolean;
  /** What is for other platforms is left out; none: everything stays. */
  readonly platforms: readonly Platform[];
}

/** Errors: BUILD_INDEX_SOURCE, OCI_*. */
export function combine(sources: readonly Source[], options: CombineOptions): Combined {
  const [only] = sources;
  if (only !== undefined && sources.length === 1 && options.annotations.length === 0) {
    const { descriptor, bytes, place } = only;
    if (isIndexType(descriptor.mediaType)) return filtered(copyOf(only), options.platforms);
    if (!options.preferIndex) {
      demandPlatform(descriptor, options.platforms);
      return { descriptor, bytes, origins: new Map([[descriptor.digest, place]]) };
    }
  }
  return filtered(merged(sources, options.annotations), options.platforms);
}

function copyOf({ descriptor, bytes, place }: Source): Combined {
  const { manifests } = parseIndex(bytes, descriptor.mediaType);
  return { descriptor, bytes, origins: new Map(manifests.map(({ digest }) => [digest, place])) };
}

/** An image that several sources have is one entry; what the later ones say of it wins. */
function merged(sources: readonly Source[], annotations: readonly Annotation[]): Combined {
  const entries = new Map<Digest, Descriptor>();
  const origins = new Map<Digest, Place>();
  for (const { place, descriptor, bytes } of sources) {
    const document = parseImageDocument(bytes, descriptor.mediaType);
    for (const entry of document.kind === "index" ? document.index.manifests : [descriptor]) {
      const before = entries.get(entry.digest);
      const said = { ...before?.annotations, ...entry.annotations };
      entries.set(entry.digest, {
        ...before,
        ...entry,
        ...(Object.keys(said).length === 0 ? {} : { annotations: said }),
      });
      origins.set(entry.digest, place);
    }
  }
  const isDocker = [...entries.values()].every(({ mediaType }) => isDockerType(mediaType));
  if (isDocker && annotations.length > 0)
    throw new TsbuildError(
      "BUILD_INDEX_SOURCE",
      "an index of images that all have Docker's media types has no annotations",
    );
  const own = annotations.filter(({ level }) => level === "index");
  const index = encodeIndex(
    {
      manifests: [...entries.values()].map((entry) => annotated(entry, annotations)),
      ...(own.length === 0
        ? {}
        : { annotations: Object.fromEntries(own.map(({ key, value }) => [key, value])) }),
    },
    isDocker ? mediaTypes.dockerIndex : mediaTypes.ociIndex,
  );
  return { ...index, origins };
}

function annotated(entry: Descriptor, annotations: readonly Annotation[]): Descriptor {
  const own = annotations.filter(
    ({ level, platform }) =>
      level === "manifest-descriptor" &&
      (platform === undefined ||
        (entry.platform !== undefined && samePlatform(platform, entry.platform))),
  );
  if (own.length === 0) return entry;
  const added = Object.fromEntries(own.map(({ key, value }) => [key, value]));
  return { ...entry, annotations: { ...entry.annotations, ...added } };
}

/** Leaves out what is for other platforms; what is said of an image goes with it. The bytes stay the same if all stays. */
function filtered(whole: Combined, platforms: readonly Platform[]): Combined {
  if (platforms.length === 0) return whole;
  const index = parseIndex(whole.bytes, whole.descriptor.mediaType);
  const byDigest = new Map(index.manifests.map((entry) => [entry.digest as string, entry]));
  const fits = (entry: Descriptor): boolean => isFor(entry, platforms);
  const manifests = index.manifests.filter((entry) => {
    const isReference = entry.annotations?.[annotationNames.referenceType] === attestationType;
    const subject = byDigest.get(entry.annotations?.[annotationNames.referenceDigest] ?? "");
    return isReference && subject !== undefined ? fits(subject) : fits(entry);
  });
  if (manifests.length === 0) throw noneFits(platforms);
  if (manifests.length === index.manifests.length) return whole;
  return { ...encodeIndex({ ...index, manifests }, index.mediaType), origins: whole.origins };
}

function isFor({ platform }: Descriptor, platforms: readonly Platform[]): boolean {
  return platform === undefined || platforms.some((wanted) => samePlatform(wanted, platform));
}

function demandPlatform(image: Descriptor, platforms: readonly Platform[]): void {
  if (platforms.length > 0 && !isFor(image, platforms)) throw noneFits(platforms);
}

function noneFits(platforms: readonly Platform[]): TsbuildError {
  const wanted = platforms.map(formatPlatform).join(", ");
  return new TsbuildError("BUILD_INDEX_SOURCE", `no image of the sources is for ${wanted}`);
}
