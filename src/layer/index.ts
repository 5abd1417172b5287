// SPDX-License-Identifier: Apache-2.0
// Tar streams to entries, and tars to layer blobs.

export { TOC_DIGEST_ANNOTATION } from "./codecs/estargz.js";
export { decompressed } from "./codecs/index.js";
export { layerErrorCodes, type LayerErrorCode } from "./errors.js";
export {
  packLayer,
  SMALL_LAYER,
  takesProgram,
  type Compress,
  type PackedLayer,
  type PackOptions,
} from "./pack.js";
export { detectArchive, readArchive, readLayer, type ReadLayerOptions } from "./read.js";
export { directoryHeader, endMark, fileHeader, paddingOf } from "./tar/write.js";
export type { LayerEntry, LayerLimits } from "./types.js";
