// SPDX-License-Identifier: Apache-2.0
// The media types of images, OCI's and Docker's, and how they correspond.

export const mediaTypes = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  /** The configuration of what needs none. */
  ociEmpty: "application/vnd.oci.empty.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  ociForeignLayer: "application/vnd.oci.image.layer.nondistributable.v1.tar",
  ociForeignLayerGzip: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ociForeignLayerZstd: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
  dockerForeignLayer: "application/vnd.docker.image.rootfs.foreign.diff.tar",
  dockerForeignLayerGzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
} as const;

/** How the bytes of a layer blob are written. estargz is gzip to whoever does not know it, and has gzip's media type. */
export type LayerCompression = "none" | "gzip" | "zstd" | "estargz";

const compressions: Readonly<Record<string, Exclude<LayerCompression, "estargz">>> = {
  [mediaTypes.ociLayer]: "none",
  [mediaTypes.ociLayerGzip]: "gzip",
  [mediaTypes.ociLayerZstd]: "zstd",
  [mediaTypes.ociForeignLayer]: "none",
  [mediaTypes.ociForeignLayerGzip]: "gzip",
  [mediaTypes.ociForeignLayerZstd]: "zstd",
  [mediaTypes.dockerLayer]: "none",
  [mediaTypes.dockerLayerGzip]: "gzip",
  [mediaTypes.dockerLayerZstd]: "zstd",
  [mediaTypes.dockerForeignLayer]: "none",
  [mediaTypes.dockerForeignLayerGzip]: "gzip",
  // Written by some old tools.
  "application/vnd.docker.image.rootfs.diff.tar+gzip": "gzip",
};

const ociTwins: Readonly<Record<string, string>> = {
  [mediaTypes.dockerIndex]: mediaTypes.ociIndex,
  [mediaTypes.dockerManifest]: mediaTypes.ociManifest,
  [mediaTypes.dockerConfig]: mediaTypes.ociConfig,
  [mediaTypes.dockerLayer]: mediaTypes.ociLayer,
  [mediaTypes.dockerLayerGzip]: mediaTypes.ociLayerGzip,
  [mediaTypes.dockerLayerZstd]: mediaTypes.ociLayerZstd,
  [mediaTypes.dockerForeignLayer]: mediaTypes.ociForeignLayer,
  [mediaTypes.dockerForeignLayerGzip]: mediaTypes.ociForeignLayerGzip,
};
const dockerTwins: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ociTwins).map(([docker, oci]) => [oci, docker]),
);

/** True for an image manifest of either family. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
}

/** True for an index, or Docker's manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

/** True for a layer that a file system is made of (not, say, an attestation). */
export function isLayerType(mediaType: string): boolean {
  return Object.hasOwn(compressions, mediaType);
}

/** How a layer's bytes are compressed, by its media type; undefined when it is no layer type that we know. */
export function layerCompression(
  mediaType: string,
): Exclude<LayerCompression, "estargz"> | undefined {
  return Object.hasOwn(compressions, mediaType) ? compressions[mediaType] : undefined;
}

/** The OCI media type of a layer with a compression. */
export function layerMediaType(compression: LayerCompression): string {
  if (compression === "gzip" || compression === "estargz") return mediaTypes.ociLayerGzip;
  return compression === "zstd" ? mediaTypes.ociLayerZstd : mediaTypes.ociLayer;
}

/** Layers that may not be pushed: their bytes live at the descriptor's urls. */
export function isForeignLayerType(mediaType: string): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}

/** The type of a layer with the same bytes that may be pushed; any other type stays. */
export function toDistributableType(mediaType: string): string {
  return mediaType.replace(".nondistributable.", ".").replace(".foreign.", ".");
}

/** True for Docker's own media types. */
export function isDockerType(mediaType: string): boolean {
  return mediaType.startsWith("application/vnd.docker.");
}

/** The OCI twin of a Docker media type; any other type stays. */
export function toOciType(mediaType: string): string {
  return Object.hasOwn(ociTwins, mediaType) ? (ociTwins[mediaType] ?? mediaType) : mediaType;
}

/** The Docker twin of an OCI media type, or undefined where Docker has none. Docker types stay. */
export function toDockerType(mediaType: string): string | undefined {
  if (isDockerType(mediaType)) return mediaType;
  return Object.hasOwn(dockerTwins, mediaType) ? dockerTwins[mediaType] : undefined;
}
