// SPDX-License-Identifier: Apache-2.0
// `tsbuild imagetools inspect`: what is said of an image where it is.

import { CleanupStack, type Json } from "../../base/index.js";
import {
  annotationNames,
  formatFullPlatform,
  formatPlatform,
  isAttestation,
  ociLimits,
  parseImageConfig,
  parseImageDocument,
  parseJsonObject,
  parseManifest,
  type Descriptor,
  type ImageConfig,
  type ImageDocument,
  type ImageIndex,
} from "../../oci/index.js";
import { registryClient } from "../registry-client.js";
import { parsePlace, type Place, type RemoteRequest } from "./place.js";

export interface RemoteImage {
  /** In full. */
  readonly name: string;
  readonly descriptor: Descriptor;
  /** Of the manifest or index, as they are there. */
  readonly bytes: Uint8Array;
  readonly document: ImageDocument;
  /** Of an index. */
  readonly entries: readonly RemoteEntry[];
  /** By platform. An image without one in an index has that of its configuration. */
  configs(): Promise<ReadonlyMap<string, ImageConfig>>;
  /** What attestations say of the images: type of predicate and predicate, by platform. */
  predicates(): Promise<ReadonlyMap<string, readonly Predicate[]>>;
}

export interface RemoteEntry {
  /** By digest. */
  readonly name: string;
  readonly descriptor: Descriptor;
  /** As text. */
  readonly platform?: string;
}

export interface Predicate {
  readonly type: string;
  readonly content: Json;
}

/** Looks at an image while `use` runs. Errors: REGISTRY_*, STEPS_LAYOUT, STORE_LAYOUT, OCI_*. */
export async function withRemoteImage<T>(
  request: RemoteRequest & { readonly image: string },
  use: (image: RemoteImage) => Promise<T>,
): Promise<T> {
  await using cleanup = new CleanupStack();
  const client = cleanup.use(await registryClient(request, ["*"]));
  const { signal } = request;
  const place = parsePlace(request.image, request.cwd, client);
  const found = await place.resolve(signal);
  const bytes = await place.document(found, signal);
  const descriptor = { ...found, size: bytes.length };
  const document = parseImageDocument(bytes, descriptor.mediaType);
  return await use({
    name: place.name,
    descriptor,
    bytes,
    document,
    entries: document.kind === "index" ? document.index.manifests.map(entryOf(place)) : [],
    configs: () => configsOf(place, descriptor, document, signal),
    predicates: () =>
      document.kind === "index"
        ? predicatesOf(place, document.index, signal)
        : Promise.resolve(new Map()),
  });
}

function entryOf(place: Place): (descriptor: Descriptor) => RemoteEntry {
  return (descriptor) => ({
    name: place.at(descriptor.digest).name,
    descriptor,
    ...(descriptor.platform === undefined
      ? {}
      : { platform: formatFullPlatform(descriptor.platform) }),
  });
}

async function configsOf(
  place: Place,
  top: Descriptor,
  document: ImageDocument,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ImageConfig>> {
  const entries =
    document.kind === "index"
      ? document.index.manifests.filter((entry) => !isAttestation(entry))
      : [top];
  const configs = new Map<string, ImageConfig>();
  for (const entry of entries) {
    const manifest = parseManifest(await place.document(entry, signal), entry.mediaType);
    const config = parseImageConfig(await place.document(manifest.config, signal));
    configs.set(formatPlatform(entry.platform ?? config), config);
  }
  return configs;
}

async function predicatesOf(
  place: Place,
  { manifests }: ImageIndex,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Predicate[]>> {
  const found = new Map<string, readonly Predicate[]>();
  for (const entry of manifests.filter(isAttestation)) {
    const about = entry.annotations?.[annotationNames.referenceDigest];
    const platform = manifests.find(({ digest }) => digest === about)?.platform;
    if (platform === undefined) continue;
    const { layers } = parseManifest(await place.document(entry, signal), entry.mediaType);
    const predicates: Predicate[] = [];
    for (const layer of layers) {
      const type = layer.annotations?.[annotationNames.predicateType];
      if (type === undefined || layer.size > ociLimits.configBytes) continue;
      const bytes = await place.document(layer, signal);
      const { predicate = null } = parseJsonObject(bytes, "attestation", ociLimits.configBytes);
      predicates.push({ type, content: predicate as Json });
    }
    const name = formatPlatform(platform);
    found.set(name, [...(found.get(name) ?? []), ...predicates]);
  }
  return found;
}
