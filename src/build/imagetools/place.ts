// SPDX-License-Identifier: Apache-2.0
// Where images are that no build has anything to do with: a repository of a registry, or an OCI layout. All bytes that come
// out are verified.

import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { TsbuildError, defined } from "../../base/index.js";
import { parseNamedContext } from "../../context/index.js";
import {
  annotationNames,
  formatReference,
  isIndexType,
  isManifestType,
  ociLimits,
  parseDigest,
  parseImageDocument,
  parseReference,
  withDefaultTag,
  type Descriptor,
  type Digest,
  type Reference,
} from "../../oci/index.js";
import type { RegistryClient } from "../../registry/index.js";
import { layoutEntries, type LayoutImage } from "../../steps/index.js";
import { layoutBlobSize, readLayoutIndex, verifiedLayoutBlob } from "../../store/index.js";
import type { RegistryRequest } from "../registry-client.js";

/** What the commands on images in registries and layouts have in common. */
export interface RemoteRequest extends RegistryRequest {
  /** Layouts are below it. */
  readonly cwd: string;
}

/** An image's place, and what is reached by way of it: everything else in the same repository or layout. */
export interface Place {
  /** As users write it, in full. */
  readonly name: string;
  /** What is common to all images of the repository or layout. */
  readonly home: string;
  /** Absent: a layout. */
  readonly reference?: Reference;
  /** Absent: a repository. */
  readonly layout?: LayoutImage & { readonly path: string };
  /** What the name means now. Errors: REGISTRY_*, STEPS_LAYOUT, STORE_LAYOUT, OCI_*. */
  resolve(signal: AbortSignal): Promise<Descriptor>;
  /** A manifest, an index, or a small blob. Errors: REGISTRY_*, STORE_LAYOUT, BUILD_INDEX_SOURCE. */
  document(descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array>;
  /** A blob's bytes; fails at the end if they are not the descriptor's. */
  stream(blob: Descriptor, signal: AbortSignal): Readable;
  /** The manifests of this type that name another as their subject. Errors: REGISTRY_*, STORE_LAYOUT. */
  referrers(
    digest: Digest,
    artifactType: string,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]>;
  /** The same place by another digest. */
  at(digest: Digest): Place;
}

/** Parses an image's name, or `oci-layout://DIR[:TAG][@DIGEST]`. Errors: OCI_REFERENCE, OCI_DIGEST, CONTEXT_BAD_REFERENCE. */
export function parsePlace(text: string, cwd: string, client: RegistryClient): Place {
  if (!/^oci-layout:/i.test(text)) return registryPlace(parseReference(text), client);
  const parsed = parseNamedContext(text, cwd);
  if (parsed.kind !== "oci-layout") throw new TypeError("not a layout");
  const { directory, tag, digest } = parsed;
  return layoutPlace(directory, defined({ tag, digest }));
}

function registryPlace(given: Reference, client: RegistryClient): Place {
  const reference = withDefaultTag(given);
  const { domain, path } = reference;
  const stream = (blob: Descriptor, signal: AbortSignal): Readable =>
    client.blob(reference, blob, { signal });
  return {
    name: formatReference(reference),
    home: `${domain}/${path}`,
    reference,
    resolve: (signal) => client.resolve(reference, { signal }),
    document: async (descriptor, signal) => {
      const { digest } = descriptor;
      if (!isDocument(descriptor)) return whole(stream(descriptor, signal), descriptor);
      return (await client.manifest({ ...reference, digest }, { signal })).bytes;
    },
    stream,
    referrers: (digest, artifactType, signal) =>
      client.referrers({ domain, path, digest }, artifactType, { signal }),
    at: (digest) => registryPlace({ domain, path, digest }, client),
  };
}

function layoutPlace(path: string, image: LayoutImage): Place {
  const { tag } = image;
  const digest = image.digest === undefined ? undefined : parseDigest(image.digest);
  const home = `oci-layout://${path}`;
  const name =
    home + (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
  const stream = (blob: Descriptor, signal: AbortSignal): Readable =>
    Readable.from(verifiedLayoutBlob(path, blob, signal), { objectMode: false });
  return {
    name,
    home,
    layout: { ...image, path },
    resolve: async (signal) => {
      const index = await readLayoutIndex(path);
      // What an index of the layout names is no entry of index.json.
      if (digest !== undefined && !index.manifests.some((entry) => entry.digest === digest))
        return await describeBlob(path, digest, signal);
      const [entry, ...others] = layoutEntries(index, image, name);
      if (entry === undefined || others.length > 0)
        throw new TsbuildError("BUILD_INDEX_SOURCE", `${name} is several images of the layout`, {
          hint: "Name one by its digest: oci-layout://DIR@sha256:...",
        });
      const { mediaType, size } = entry;
      return { mediaType, digest: entry.digest, size };
    },
    document: (descriptor, signal) => whole(stream(descriptor, signal), descriptor),
    stream,
    referrers: async (subject, artifactType) => {
      const { manifests } = await readLayoutIndex(path);
      return manifests.filter(
        ({ annotations, artifactType: type }) =>
          annotations?.[annotationNames.subject] === subject && type === artifactType,
      );
    },
    at: (other) => layoutPlace(path, { digest: other }),
  };
}

/** The descriptor of a manifest or an index of which only the digest is known. */
async function describeBlob(
  path: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<Descriptor> {
  const size = await layoutBlobSize(path, digest);
  const blob = { mediaType: "", digest, size };
  const bytes = await whole(verifiedLayoutBlob(path, blob, signal), blob);
  const document = parseImageDocument(bytes);
  const { mediaType } = document.kind === "index" ? document.index : document.manifest;
  return { mediaType, digest, size };
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/** Refuses what is too large to be held. */
async function whole(
  bytes: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
): Promise<Uint8Array> {
  if (size > ociLimits.configBytes)
    throw new TsbuildError(
      "BUILD_INDEX_SOURCE",
      `${digest} has ${size} bytes, and a document at most ${ociLimits.configBytes}`,
    );
  return await buffer(bytes);
}
