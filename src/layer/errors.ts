// SPDX-License-Identifier: Apache-2.0
// The codes of this room.

export const layerErrorCodes = {
  LAYER_COMPRESSION:
    "a compressed layer or archive is damaged, or its compression is not supported",
  LAYER_TAR: "a layer or archive is not a well-formed tar",
  LAYER_ENTRY: "a layer or archive has an entry that is refused (its name, type or link)",
  LAYER_WHITEOUT: "a layer has a deletion mark with an invalid name",
  LAYER_LIMIT: "a layer or archive is larger than allowed (entries, bytes, names, headers)",
  LAYER_DIGEST: "a layer's bytes are not those that its digest names",
} as const;

export type LayerErrorCode = keyof typeof layerErrorCodes;
