// SPDX-License-Identifier: Apache-2.0
// From values to the bytes that get a digest. Canonical JSON: the same value gives the same digest everywhere.

import { canonicalJson, type Json } from "../base/index.js";
import { digestOf } from "./digest.js";
import { isDockerType, mediaTypes } from "./media-types.js";
import type { Descriptor, ImageConfig, ImageIndex, Manifest } from "./types.js";

/** A document as it is stored, and the descriptor that names it. */
export interface EncodedDocument {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

function encode(value: Json, mediaType: string): EncodedDocument {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/** An image configuration. */
export function encodeConfig(
  config: ImageConfig,
  mediaType: string = mediaTypes.ociConfig,
): EncodedDocument {
  return encode(config as Json, mediaType);
}

/** An image manifest, of the family (OCI or Docker) that its config's media type has. */
export function encodeManifest(
  manifest: Omit<Manifest, "schemaVersion" | "mediaType">,
): EncodedDocument {
  const mediaType = isDockerType(manifest.config.mediaType)
    ? mediaTypes.dockerManifest
    : mediaTypes.ociManifest;
  return encode({ ...manifest, schemaVersion: 2, mediaType } as unknown as Json, mediaType);
}

/** An image index (OCI unless said otherwise). */
export function encodeIndex(
  index: Omit<ImageIndex, "schemaVersion" | "mediaType">,
  mediaType: string = mediaTypes.ociIndex,
): EncodedDocument {
  return encode({ ...index, schemaVersion: 2, mediaType } as unknown as Json, mediaType);
}
