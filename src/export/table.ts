// SPDX-License-Identifier: Apache-2.0
// The table of outputs: one row each, from which checking, help and suggestions come.

import { TsbuildError, didYouMean, printable } from "../base/index.js";
import { imageExporter, registryExporter } from "./image.js";
import { dockerExporter, ociExporter } from "./oci.js";
import { cacheOnlyExporter, localExporter, tarExporter } from "./tree.js";
import type { Exporter, ExporterContext, ExporterRow, OutputSpec } from "./types.js";

export const exporters: readonly ExporterRow[] = [
  ociExporter,
  dockerExporter,
  imageExporter,
  registryExporter,
  localExporter,
  tarExporter,
  cacheOnlyExporter,
];

/** Makes the output that a spec describes, its attributes checked. Throws EXPORT_TYPE, EXPORT_OPTION. */
export function createExporter(spec: OutputSpec, context: ExporterContext): Exporter {
  const row = exporters.find(({ name }) => name === spec.type);
  if (row !== undefined) return row.create(spec.attributes, context);
  const names = exporters.map(({ name }) => name);
  throw new TsbuildError(
    "EXPORT_TYPE",
    `there is no output type ${printable(spec.type)}${didYouMean(spec.type, names)}`,
    { hint: `known are ${names.join(", ")}`, details: { type: spec.type } },
  );
}
