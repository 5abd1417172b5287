// SPDX-License-Identifier: Apache-2.0
// The codes of this room.

export const pruneErrorCodes = {
  PRUNE_FILTER: "A filter of du or prune is not understood.",
  PRUNE_SETTING: "A setting of the automatic removal of old cache is not understood.",
} as const;
