// SPDX-License-Identifier: Apache-2.0
// In-toto statements about an image, and the manifest that carries them in an index, as BuildKit lays it out.

import { canonicalJson, type Json } from "../../base/index.js";
import {
  annotationNames,
  asDiffId,
  attestationArtifact,
  attestationType,
  digestOf,
  encodeConfig,
  encodeManifest,
  familiarReference,
  hexOf,
  mediaTypes,
  type Descriptor,
  type EncodedDocument,
  type Reference,
} from "../../oci/index.js";
import type { Store } from "../../store/index.js";

const inTotoType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";
const unknownPlatform = { os: "unknown", architecture: "unknown" };

const emptyObject = new TextEncoder().encode("{}");
/** What artifacts have in the place of a configuration. */
const emptyConfig: EncodedDocument = {
  bytes: emptyObject,
  descriptor: {
    mediaType: mediaTypes.ociEmpty,
    digest: digestOf(emptyObject),
    size: emptyObject.length,
    data: Buffer.from(emptyObject).toString("base64"),
  },
};

/** What a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

/** A statement that has yet to be told what it is about. */
export interface Predicate {
  readonly type: string;
  readonly content: Json;
  /** The name of a file for it, which ends in `.json`. */
  readonly file: string;
  /** Something of its own that it is about. */
  readonly subjects?: readonly Subject[];
}

/** One for each name of the image; `_` when it has none. */
export function subjectsOf(
  manifest: Descriptor,
  names: readonly Reference[],
  platform: string,
): readonly Subject[] {
  const digest = { sha256: hexOf(manifest.digest) };
  if (names.length === 0) return [{ name: "_", digest }];
  return names.map((name) => ({ name: packageUrl(familiarReference(name), platform), digest }));
}

/** `pkg:docker/NAME@TAG?platform=OS%2FARCH`, as package-url has it; a digest becomes a qualifier. */
export function packageUrl(
  reference: string,
  platform: string,
  type: "docker" | "oci" = "docker",
): string {
  const [named = "", digest] = reference.split("@");
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const name = tagged ? named.slice(0, colon) : named;
  const path = name.split("/").map(encodeURIComponent).join("/");
  const version = tagged ? `@${encodeURIComponent(named.slice(colon + 1))}` : "";
  const qualifiers = [
    ...(digest === undefined ? [] : [`digest=${encodeURIComponent(digest)}`]),
    `platform=${encodeURIComponent(platform)}`,
  ];
  return `pkg:${type}/${path}${version}?${qualifiers.join("&")}`;
}

/** The statement; `subjects` unless it has some of its own. */
export function statementOf(predicate: Predicate, subjects: readonly Subject[]): string {
  return canonicalJson({
    _type: statementType,
    predicateType: predicate.type,
    predicate: predicate.content,
    subject: (predicate.subjects ?? subjects).map(({ name, digest }) => ({ name, digest })),
  });
}

/**
 * Writes statements about an image into the store. Gives the entry of the index. Artifacts, unlike images, name the image as
 * their subject, by which registries find them.
 */
export async function attach(
  store: Store,
  image: Descriptor,
  predicates: readonly Predicate[],
  { subjects, asArtifact }: { readonly subjects: readonly Subject[]; readonly asArtifact: boolean },
): Promise<Descriptor> {
  const layers: Descriptor[] = [];
  for (const predicate of predicates) {
    const bytes = new TextEncoder().encode(statementOf(predicate, subjects));
    await store.blobs.writeBytes(bytes);
    layers.push({
      mediaType: inTotoType,
      digest: digestOf(bytes),
      size: bytes.length,
      annotations: { [annotationNames.predicateType]: predicate.type },
    });
  }
  const config = asArtifact ? emptyConfig : configOf(layers);
  const manifest = encodeManifest({
    config: config.descriptor,
    layers,
    ...(asArtifact ? { artifactType: attestationArtifact, subject: plain(image) } : {}),
  });
  for (const { bytes } of [config, manifest]) await store.blobs.writeBytes(bytes);
  return {
    ...manifest.descriptor,
    annotations: {
      [annotationNames.referenceDigest]: image.digest,
      [annotationNames.referenceType]: attestationType,
    },
    platform: unknownPlatform,
  };
}

/** That of an image without a platform, so that whoever knows only images can keep it. */
function configOf(layers: readonly Descriptor[]): EncodedDocument {
  return encodeConfig({
    ...unknownPlatform,
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => asDiffId(digest)) },
  });
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
