// SPDX-License-Identifier: Apache-2.0
export type {
  Annotation,
  Exporter,
  ExporterAttribute,
  ExporterContext,
  ExporterRow,
  ExportInput,
  ExportOptions,
  ExportResult,
  LayerWish,
  OutputSpec,
  PlatformTree,
  TreeSource,
} from "./types.js";
export { layerWish } from "./attributes.js";
export { tidyLayout, writeLayout } from "./layout-directory.js";
export { checkOutputs, createExporter, exporters } from "./table.js";
export { parseAnnotation, parseOutput } from "./output-spec.js";
export { exportErrorCodes, type ExportErrorCode } from "./errors.js";
