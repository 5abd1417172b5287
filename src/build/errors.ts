// SPDX-License-Identifier: Apache-2.0
export const buildErrorCodes = {
  BUILD_ARGUMENT: "A build argument that steers the builder has a value that it cannot have.",
  BUILD_CACHE_LAYER: "A layer of an imported cache is not what the cache says.",
  BUILD_EPOCH:
    "SOURCE_DATE_EPOCH is not a whole number of seconds, and names nothing that has a time.",
  BUILD_ATTESTATION: "An attestation that was asked for makes no sense, or cannot be made.",
  BUILD_BASE_LAYER: "A layer of a base image is not what the image's configuration says.",
  BUILD_IMAGE_NOT_FOUND: "The store has no image of that name.",
  BUILD_IMAGE_FILTER: "A filter of images is not one.",
  BUILD_INDEX_SOURCE: "What an image is to be put together of is not understood, or does not fit.",
  BUILD_NO_PLATFORMS: "There is no platform that all base images are for.",
  BUILD_NOT_AN_INDEX: "The name that an image was to be added to is one of another image.",
  BUILD_PRUNE_BUSY: "Images were named and pulled so often that a prune could not decide.",
  BUILD_SBOM: "What an SBOM's generator has written is nothing that can be attached to an image.",
  BUILD_TIMEOUT: "The program of a container ran longer than --timeout allows, and was ended.",
  BUILD_UNSUPPORTED: "The build asks for something that tsbuild cannot do yet.",
} as const;
