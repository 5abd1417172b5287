// SPDX-License-Identifier: Apache-2.0
// The error codes of this room.

export const ociErrorCodes = {
  OCI_DIGEST: "a digest is not algorithm:hex of a known algorithm",
  OCI_REFERENCE: "an image name does not follow the rules of image references",
  OCI_PLATFORM: "a platform is not os[/architecture[/variant]]",
  OCI_JSON: "a manifest, index or config is not the JSON document it should be",
  OCI_LIMIT: "a manifest, index or config is larger than tsbuild accepts",
  OCI_MISMATCH: "the parts of an image contradict each other",
} as const;

export type OciErrorCode = keyof typeof ociErrorCodes;
