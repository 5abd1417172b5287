// SPDX-License-Identifier: Apache-2.0
// The error codes of this room.

export const policyErrorCodes = {
  POLICY_FILE: "a source policy cannot be read, or is not one",
  POLICY_DENIED: "a source policy denies an image, a download or a repository",
  POLICY_CONVERT: "a source policy turns a source into something that cannot stand in its place",
  POLICY_SLOW: "a pattern of a source policy takes too long",
} as const;
