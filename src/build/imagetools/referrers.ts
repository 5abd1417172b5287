// SPDX-License-Identifier: Apache-2.0
// What others say of images, in manifests whose subject they are: attestations, which become entries of the index, and signatures of
// attestations, which go along with them.

import {
  annotationNames,
  attestationArtifact,
  attestationType,
  encodeIndex,
  isAttestation,
  isIndexType,
  isManifestType,
  parseIndex,
  type Descriptor,
  type Digest,
} from "../../oci/index.js";
import type { Combined } from "./combine.js";
import type { Place } from "./place.js";

const signatureType = "application/vnd.dev.sigstore.bundle.v0.3+json";

export interface Signature {
  readonly descriptor: Descriptor;
  readonly subject: Digest;
  readonly place: Place;
}

/** An index with the attestations of those of its images that have none in it. Errors: REGISTRY_*, STORE_LAYOUT. */
export async function withAttestations(whole: Combined, signal: AbortSignal): Promise<Combined> {
  if (!isIndexType(whole.descriptor.mediaType)) return whole;
  const index = parseIndex(whole.bytes, whole.descriptor.mediaType);
  const attested = new Set(
    index.manifests.map(({ annotations }) => annotations?.[annotationNames.referenceDigest]),
  );
  const origins = new Map(whole.origins);
  const added: Descriptor[] = [];
  for (const entry of index.manifests) {
    const place = origins.get(entry.digest);
    const isImage = isManifestType(entry.mediaType) && !isAttestation(entry);
    if (place === undefined || !isImage || attested.has(entry.digest)) continue;
    const [found] = await place.referrers(entry.digest, attestationArtifact, signal);
    if (found === undefined) continue;
    const { mediaType, digest, size, annotations } = found;
    origins.set(digest, place);
    added.push({
      mediaType,
      digest,
      size,
      platform: { architecture: "unknown", os: "unknown" },
      annotations: {
        ...annotations,
        [annotationNames.referenceType]: attestationType,
        [annotationNames.referenceDigest]: entry.digest,
      },
    });
  }
  if (added.length === 0) return whole;
  const manifests = [...index.manifests, ...added];
  return { ...encodeIndex({ ...index, manifests }, index.mediaType), origins };
}

/** The signatures of the attestations in an index. Errors: REGISTRY_*, STORE_LAYOUT. */
export async function signaturesOf(
  { descriptor, bytes, origins }: Combined,
  signal: AbortSignal,
): Promise<readonly Signature[]> {
  if (!isIndexType(descriptor.mediaType)) return [];
  const found = new Map<Digest, Signature>();
  for (const entry of parseIndex(bytes, descriptor.mediaType).manifests) {
    const place = origins.get(entry.digest);
    if (place === undefined || !isAttestation(entry)) continue;
    const subject = entry.digest;
    for (const signature of await place.referrers(subject, signatureType, signal))
      if (isManifestType(signature.mediaType))
        found.set(signature.digest, { descriptor: signature, subject, place });
  }
  return [...found.values()];
}
