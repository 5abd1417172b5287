// SPDX-License-Identifier: Apache-2.0
// Images between the store and registries, outside of builds: `tsbuild pull`, `push` and `tag`.

import { CleanupStack, eachAtOnce, TsbuildError, warningsTo } from "../base/index.js";
import {
  formatReference,
  hostPlatform,
  isIndexType,
  isManifestType,
  normalizePlatform,
  ociLimits,
  parseImageDocument,
  parsePlatform,
  parseReference,
  withDefaultTag,
  type Descriptor,
  type Digest,
  type Reference,
} from "../oci/index.js";
import type { RegistryClient } from "../registry/index.js";
import { ImageResolver, storeBlob } from "../steps/index.js";
import { openStore, type Store } from "../store/index.js";
import { asStep } from "./as-step.js";
import { storedImage } from "./images.js";
import { registryClient, type RegistryRequest } from "./registry-client.js";
import { defaultStoreRoot } from "./store-root.js";

/** Blobs that are fetched at once. */
const fetchedAtOnce = 4;

export interface TransferRequest extends RegistryRequest {
  /** A name; for `push` an id, too. */
  readonly image: string;
}

export interface Transferred {
  /** In full. */
  readonly name: string;
  readonly digest: Digest;
}

/**
 * Brings an image into the store, under its name. `platform`: of the images of an index, this one; default: the machine's.
 * "all": the index and everything in it.
 * Errors: STEPS_NO_PLATFORM, REGISTRY_*, OCI_*, STORE_*.
 */
export async function pullImage(
  request: TransferRequest & { readonly platform?: string },
): Promise<Transferred> {
  const { events, signal } = request;
  await using cleanup = new CleanupStack();
  const reference = withDefaultTag(parseReference(request.image));
  const store = cleanup.use(await storeOf(request));
  const client = cleanup.use(await registryClient(request, [reference.domain]));
  const name = formatReference(reference);
  return await asStep(`pulling ${name}`, events, signal, async (progress) => {
    const top =
      request.platform === "all"
        ? (await client.manifest(reference, { signal })).descriptor
        : await oneOf(store, client, name, request);
    const blobs = await fetchImage(store, client, reference, top, signal, progress);
    await store.images.set([{ name, descriptor: top }], { blobs, signal });
    return { name, digest: top.digest };
  });
}

async function oneOf(
  store: Store,
  client: RegistryClient,
  name: string,
  { platform, signal }: TransferRequest & { readonly platform?: string },
): Promise<Descriptor> {
  const rooms = { store, registry: () => Promise.resolve(client) };
  await using images = new ImageResolver(rooms, { pull: "always", signal });
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  const { manifest } = await images.reference(name, normalizePlatform(wanted));
  // What an index says of its entry is said of the image by its configuration.
  const { mediaType, digest, size } = manifest;
  return { mediaType, digest, size };
}

/** Everything below a manifest or an index; gives what it consists of. */
async function fetchImage(
  store: Store,
  client: RegistryClient,
  reference: Reference,
  top: Descriptor,
  signal: AbortSignal,
  progress: (label: string, current: number, total: number) => void,
): Promise<readonly Digest[]> {
  const digests = new Set<Digest>();
  const blobs: Descriptor[] = [];
  const visit = async (descriptor: Descriptor): Promise<void> => {
    const { digest, mediaType } = descriptor;
    if (digests.has(digest)) return;
    digests.add(digest);
    if (!isManifestType(mediaType) && !isIndexType(mediaType)) {
      blobs.push(descriptor);
      return;
    }
    if (isIndexType(mediaType) && descriptor !== top)
      throw new TsbuildError("BUILD_UNSUPPORTED", "an index within an index cannot be pulled");
    for (const part of await partsOf(store, client, reference, descriptor, signal))
      await visit(part);
  };
  await visit(top);
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  await eachAtOnce(blobs, fetchedAtOnce, signal, async (blob, own) => {
    const open = (): AsyncIterable<Uint8Array> => client.blob(reference, blob, { signal: own });
    await storeBlob(store, blob, open, own);
    current += blob.size;
    progress("bytes", current, total);
  });
  return [...digests];
}

/** What a manifest or an index names; the document is fetched unless it is there. */
async function partsOf(
  store: Store,
  client: RegistryClient,
  reference: Reference,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const { digest, size, mediaType } = descriptor;
  if (!(await store.blobs.has(digest, size))) {
    const { bytes } = await client.manifest({ ...reference, digest }, { signal });
    await store.blobs.writeBytes(bytes, { expected: { digest, size } });
  }
  const bytes = await store.blobs.read(descriptor, ociLimits.manifestBytes);
  const document = parseImageDocument(bytes, mediaType);
  return document.kind === "index"
    ? document.index.manifests
    : [document.manifest.config, ...document.manifest.layers];
}

/**
 * Pushes an image of the store, under its own name or under `to`.
 * Errors: BUILD_IMAGE_NOT_FOUND, BUILD_UNSUPPORTED (it has no name), REGISTRY_*, STORE_*.
 */
export async function pushImage(
  request: TransferRequest & { readonly to?: string },
): Promise<Transferred> {
  const { image, to, events, signal } = request;
  await using cleanup = new CleanupStack();
  const store = cleanup.use(await storeOf(request));
  const source = await storedImage(store, image);
  const as = to ?? source.name;
  if (as === undefined)
    throw new TsbuildError("BUILD_UNSUPPORTED", `${image} has no name to be pushed under`, {
      hint: `Say one: tsbuild push ${image} NAME`,
    });
  const reference = withDefaultTag(parseReference(as));
  const client = cleanup.use(await registryClient(request, [reference.domain]));
  const name = formatReference(reference);
  return await asStep(`pushing ${name}`, events, signal, async (progress) => {
    await client.push(reference, source.descriptor, store.blobs, {
      signal,
      onProgress: ({ digest, current, total }) => {
        progress(digest.slice(0, 19), current, total);
      },
    });
    return { name, digest: source.descriptor.digest };
  });
}

function storeOf({ env, events, signal }: TransferRequest): Promise<Store> {
  const root = defaultStoreRoot(env ?? process.env);
  return openStore({ root, signal, onWarning: warningsTo(events) });
}
