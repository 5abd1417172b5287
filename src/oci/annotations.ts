// SPDX-License-Identifier: Apache-2.0
// Names of annotations that mean something to several rooms.

export const annotationNames = {
  /** Of an entry of a layout's index.json: its tag, or its name. */
  refName: "org.opencontainers.image.ref.name",
  /** The same in full, as containerd has it. */
  imageName: "io.containerd.image.name",
  /** Of an entry of an index: what it is to another entry; see {@link attestationType}. */
  referenceType: "vnd.docker.reference.type",
  /** The digest of that other entry. */
  referenceDigest: "vnd.docker.reference.digest",
  /** Of an entry of a layout's index.json, as containerd has it: the digest of the manifest that is this one's subject. */
  subject: "io.containerd.manifest.subject",
  /** Of a statement in an attestation. */
  predicateType: "in-toto.io/predicate-type",
} as const;

/** The reference type of entries that hold statements about an image. */
export const attestationType = "attestation-manifest";

/** The type of such an entry as an artifact. */
export const attestationArtifact = "application/vnd.docker.attestation.manifest.v1+json";
