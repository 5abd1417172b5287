// SPDX-License-Identifier: Apache-2.0
// A cache at a place of objects: a layer is an object under its digest's name; the document, one that is written when all its layers
// are there. Names and forms are BuildKit's.

import { TsbuildError, eachAtOnce } from "../../base/index.js";
import { ociLimits, type Descriptor } from "../../oci/index.js";
import { beginsAt, readCapped, resumed, type HttpAnswer } from "../../registry/index.js";
import type { BlobStore } from "../../store/index.js";
import { cacheConfigType, parseRecords } from "../document.js";
import { serviceError } from "../errors.js";
import type { OpenedCache } from "../types.js";
import type { CacheNames, ObjectPlace } from "./place.js";

export interface ObjectCache {
  readonly place: ObjectPlace;
  readonly names: CacheNames;
  readonly layersAtOnce: number;
  /** Milliseconds after which a layer that is used again is touched. */
  readonly touchAfter: number;
}

/** The layers that are not there yet, and then the documents that name them. Throws CACHE_SERVICE. */
export async function saveObjects(
  { place, names, layersAtOnce, touchAfter }: ObjectCache,
  blobs: readonly Descriptor[],
  store: BlobStore,
  signal: AbortSignal,
): Promise<void> {
  const isDocument = ({ mediaType }: Descriptor): boolean => mediaType === cacheConfigType;
  const layers = blobs.filter((blob) => !isDocument(blob));
  await eachAtOnce(layers, layersAtOnce, signal, async (layer, own) => {
    const key = names.blob(layer.digest);
    const found = await place.find(key, own);
    // One of another size is what a writer left that did not know better.
    if (found?.size !== layer.size)
      await place.write(key, { size: layer.size, open: () => store.stream(layer) }, own);
    else if (found.writtenAt !== undefined && Date.now() - found.writtenAt > touchAfter)
      await place.touch?.(key, found, own);
  });
  for (const document of blobs.filter(isDocument))
    for (const name of names.documents)
      await place.write(
        names.document(name),
        { size: document.size, open: () => store.stream(document) },
        signal,
      );
}

/** Throws CACHE_SERVICE; CACHE_DOCUMENT when there is none, or none that can be read. */
export async function openObjects(
  { place, names }: ObjectCache,
  signal: AbortSignal,
): Promise<readonly OpenedCache[]> {
  const documents = await Promise.all(
    names.documents.map((name) => readDocument(place, names.document(name), signal)),
  );
  const found = documents.filter((document) => document !== undefined);
  if (found.length === 0) throw new TsbuildError("CACHE_DOCUMENT", "there is none yet");
  return found.map((document) => ({
    records: parseRecords(document),
    blob: (layer, own) => streamOf(place, names.blob(layer.digest), layer.size, own),
  }));
}

async function readDocument(
  place: ObjectPlace,
  key: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const answer = await place.open(key, 0, signal);
  if (answer === undefined) return undefined;
  const bytes = await readCapped(answer.body, ociLimits.configBytes);
  if (bytes !== undefined) return bytes;
  throw serviceError(`read ${key}: it has more than ${ociLimits.configBytes} bytes`);
}

function streamOf(
  place: ObjectPlace,
  key: string,
  size: number,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const what = `read ${key}`;
  return resumed({
    size,
    retry: { attempts: 5, baseDelay: 500 },
    signal,
    open: async (offset): Promise<HttpAnswer> => {
      const answer = await place.open(key, offset, signal);
      if (answer === undefined) throw serviceError(`${what}: it is no longer there`);
      if (beginsAt(answer, offset)) return answer;
      answer.body.destroy();
      throw serviceError(`${what}: ${answer.url.host} sent another range than asked`);
    },
    wrongSize: (bytes) => serviceError(`${what}: it has ${bytes}`),
    broken: (_error, { url }) => serviceError(`${what}: the connection to ${url.host} broke`),
  });
}
