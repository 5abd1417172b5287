// SPDX-License-Identifier: Apache-2.0
export type {
  ContainerConfig,
  Descriptor,
  DiffId,
  Digest,
  HealthConfig,
  HistoryEntry,
  ImageConfig,
  ImageIndex,
  Manifest,
  Platform,
} from "./types.js";
export { annotationNames, attestationArtifact, attestationType } from "./annotations.js";
export {
  algorithmOf,
  asDiffId,
  chainId,
  chainIds,
  digestAlgorithms,
  digestFromHex,
  digestOf,
  hexOf,
  isDigest,
  parseDigest,
  type DigestAlgorithm,
} from "./digest.js";
export {
  isDockerType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  layerMediaType,
  mediaTypes,
  toDistributableType,
  toDockerType,
  toOciType,
  type LayerCompression,
} from "./media-types.js";
export {
  familiarReference,
  formatReference,
  parseReference,
  wholeId,
  withDefaultTag,
  type Reference,
} from "./reference.js";
export {
  choosePlatform,
  formatFullPlatform,
  formatPlatform,
  hostPlatform,
  isAttestation,
  normalizePlatform,
  parsePlatform,
  platformsOf,
  samePlatform,
} from "./platform.js";
export {
  checkDocumentSize,
  checkIndexDepth,
  checkLayerCount,
  ociLimits,
  parseDescriptor,
  parseImageConfig,
  parseImageDocument,
  parseIndex,
  parseJsonObject,
  parseManifest,
  type ImageDocument,
} from "./parse.js";
export { encodeConfig, encodeIndex, encodeManifest, type EncodedDocument } from "./encode.js";
export { ociErrorCodes, type OciErrorCode } from "./errors.js";
