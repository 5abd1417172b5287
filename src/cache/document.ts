// SPDX-License-Identifier: Apache-2.0
// A cache as a document: which key gives which layers. The form is BuildKit's cache configuration (version 0), in which our
// records have no inputs: a key says all. Either tool reads the other's document, and finds no key of its own in it.

import { TsbuildError, canonicalJson, defined, isRecord, type Json } from "../base/index.js";
import {
  asDiffId,
  isDigest,
  ociLimits,
  parseDescriptor,
  toOciType,
  type Descriptor,
  type DiffId,
  type Digest,
} from "../oci/index.js";
import type { CacheKey } from "../solve/index.js";

export const cacheConfigType = "application/vnd.buildkit.cacheconfig.v0";
/** The field of an image's configuration that holds the records of its own layers. */
export const inlineCacheField = "moby.buildkit.cache.v0";

/** A layer of a cached result. */
export interface CachedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  /** Milliseconds since the epoch at which it was first made. */
  readonly createdAt: number;
}

/** The layers of each result, bottom first. */
export interface CacheRecords {
  get(key: CacheKey): readonly CachedLayer[] | undefined;
}

const noParent = -1;

/** More records than any build has; what lies beyond is not read. */
const maxRecords = 100_000;

/** The document, and the blobs that it speaks of, each once. */
export function encodeRecords(records: ReadonlyMap<CacheKey, readonly CachedLayer[]>): {
  readonly text: string;
  readonly blobs: readonly Descriptor[];
} {
  const layers: Json[] = [];
  const numbers = new Map<string, number>();
  const blobs = new Map<Digest, Descriptor>();
  const numberOf = (chain: readonly CachedLayer[]): number => {
    let parent = noParent;
    for (const { descriptor, diffId, createdAt } of chain) {
      const place = `${parent} ${descriptor.digest}`;
      let number = numbers.get(place);
      if (number === undefined) {
        number = layers.length;
        numbers.set(place, number);
        blobs.set(descriptor.digest, descriptor);
        layers.push({
          blob: descriptor.digest,
          parent,
          annotations: {
            mediaType: descriptor.mediaType,
            diffID: diffId,
            size: descriptor.size,
            createdAt: new Date(createdAt).toISOString(),
          },
        });
      }
      parent = number;
    }
    return parent;
  };
  const listed = [...records].map(([key, chain]): Json => ({
    digest: `sha256:${key}`,
    layers: [{ layer: numberOf(chain), createdAt: timeOf(chain) }],
  }));
  const text = canonicalJson({ layers, records: listed });
  return { text, blobs: [...blobs.values()] };
}

function timeOf(chain: readonly CachedLayer[]): string {
  return new Date(chain.at(-1)?.createdAt ?? 0).toISOString();
}

/**
 * The records of a document. `blobs`: those of the manifest that came with it; what speaks of others is left out. Absent:
 * those that the document itself describes. Throws CACHE_DOCUMENT, OCI_JSON.
 */
export function parseRecords(bytes: Uint8Array, blobs?: readonly Descriptor[]): CacheRecords {
  const document = parseJson(bytes);
  if (!isRecord(document) || !Array.isArray(document["layers"] ?? []))
    throw malformed("it has no list of layers");
  const layers = (document["layers"] ?? []) as unknown[];
  // A cache may have Docker's media types; the images that get its layers have OCI's, until an output wants others.
  const known = new Map(
    (blobs ?? described(layers)).map((blob) => [
      blob.digest,
      { ...blob, mediaType: toOciType(blob.mediaType) },
    ]),
  );
  const links: (Link | undefined)[] = [];
  for (const layer of layers) links.push(linkOf(layer, links, known));
  return recordsOf(document["records"], (number) => {
    const chain: CachedLayer[] = [];
    for (let link = links[number]; link !== undefined; link = link.below) chain.push(link.layer);
    return chain.reverse();
  });
}

function described(layers: readonly unknown[]): readonly Descriptor[] {
  return layers.flatMap((layer) => {
    if (!isRecord(layer) || !isRecord(layer["annotations"])) return [];
    const { mediaType, size } = layer["annotations"];
    return [parseDescriptor({ mediaType, digest: layer["blob"], size }, "a layer of the cache")];
  });
}

/** A layer on top of others. Whole chains would take memory by the square of a document's length. */
interface Link {
  readonly layer: CachedLayer;
  readonly below: Link | undefined;
  readonly depth: number;
}

/** Undefined when the layer makes no sense, or its blob is not there. */
function linkOf(
  layer: unknown,
  before: readonly (Link | undefined)[],
  known: ReadonlyMap<Digest, Descriptor>,
): Link | undefined {
  if (!isRecord(layer) || !isRecord(layer["annotations"])) return undefined;
  const { blob, parent = noParent, annotations } = layer;
  const { diffID, createdAt } = annotations;
  const descriptor = isDigest(blob) ? known.get(blob) : undefined;
  if (descriptor === undefined || !isDigest(diffID)) return undefined;
  // A parent stands before its children, so there are no circles.
  const below = typeof parent === "number" ? before[parent] : undefined;
  if (below === undefined && parent !== noParent) return undefined;
  const depth = (below?.depth ?? 0) + 1;
  if (depth > ociLimits.layers) return undefined;
  const cached = { descriptor, diffId: asDiffId(diffID), createdAt: millisecondsOf(createdAt) };
  return { layer: cached, below, depth };
}

function millisecondsOf(text: unknown): number {
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? 0 : Math.max(0, time);
}

/** `chain`: the layers up to the one of this number; none when there is no such layer. */
function recordsOf(
  listed: unknown,
  chain: (number: number) => readonly CachedLayer[],
): CacheRecords {
  if (!Array.isArray(listed ?? [])) throw malformed("its records are no list");
  const numbers = new Map<CacheKey, number>();
  for (const record of ((listed ?? []) as unknown[]).slice(0, maxRecords)) {
    if (!isRecord(record) || !isDigest(record["digest"])) continue;
    const [first] = Array.isArray(record["layers"]) ? (record["layers"] as unknown[]) : [];
    const number = isRecord(first) ? first["layer"] : undefined;
    if (typeof number === "number") numbers.set(record["digest"].replace("sha256:", ""), number);
  }
  return {
    get(key) {
      const number = numbers.get(key);
      const found = number === undefined ? [] : chain(number);
      return found.length === 0 ? undefined : found;
    },
  };
}

/** The records whose layers are the lowest of an image's, as its configuration keeps them. */
export function encodeInline(
  records: ReadonlyMap<CacheKey, readonly CachedLayer[]>,
  image: readonly Digest[],
): string {
  const listed = [...records].flatMap(([key, chain]): Json[] => {
    const own = chain.every(({ descriptor }, i) => descriptor.digest === image[i]);
    return own && chain.length > 0
      ? [
          {
            digest: `sha256:${key}`,
            layers: [{ layer: chain.length - 1, createdAt: timeOf(chain) }],
          },
        ]
      : [];
  });
  return Buffer.from(canonicalJson(listed)).toString("base64");
}

/** The records of an image with these layers. Throws CACHE_DOCUMENT. */
export function parseInline(field: unknown, image: readonly CachedLayer[]): CacheRecords {
  if (typeof field !== "string") throw malformed("the image holds no cache");
  const listed = parseJson(Buffer.from(field, "base64"));
  return recordsOf(listed, (number) =>
    Number.isInteger(number) && number < image.length ? image.slice(0, number + 1) : [],
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw malformed("it is no JSON", error);
  }
}

function malformed(why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CACHE_DOCUMENT", `the cache cannot be read: ${why}`, defined({ cause }));
}
