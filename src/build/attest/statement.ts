// SPDX-License-Identifier: Apache-2.0
// An in-toto statement about an image, and the manifest that carries it in an index, as BuildKit lays it out.

import { canonicalJson, type Json } from "../../base/index.js";
import {
  asDiffId,
  digestOf,
  encodeConfig,
  encodeManifest,
  familiarReference,
  hexOf,
  type Descriptor,
  type Reference,
} from "../../oci/index.js";
import type { Store } from "../../store/index.js";

const inTotoType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";
const unknownPlatform = { os: "unknown", architecture: "unknown" };

/** What a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
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
export function packageUrl(reference: string, platform: string): string {
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
  return `pkg:docker/${path}${version}?${qualifiers.join("&")}`;
}

export function statementOf(
  predicateType: string,
  predicate: Json,
  subject: readonly Subject[],
): string {
  const about = subject.map(({ name, digest }) => ({ name, digest }));
  return canonicalJson({ _type: statementType, predicateType, predicate, subject: about });
}

/** Writes a statement about an image into the store. Gives the entry of the index. */
export async function attach(
  store: Store,
  image: Descriptor,
  predicateType: string,
  statement: string,
): Promise<Descriptor> {
  const bytes = new TextEncoder().encode(statement);
  const layer: Descriptor = {
    mediaType: inTotoType,
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: { "in-toto.io/predicate-type": predicateType },
  };
  const config = encodeConfig({
    ...unknownPlatform,
    config: {},
    rootfs: { type: "layers", diff_ids: [asDiffId(layer.digest)] },
  });
  const manifest = encodeManifest({ config: config.descriptor, layers: [layer] });
  for (const blob of [bytes, config.bytes, manifest.bytes]) await store.blobs.writeBytes(blob);
  return {
    ...manifest.descriptor,
    annotations: {
      "vnd.docker.reference.digest": image.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: unknownPlatform,
  };
}
