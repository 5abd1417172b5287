// SPDX-License-Identifier: Apache-2.0
// The table of outputs: one row each, from which checking, help and suggestions come.

import { TsbuildError, didYouMean, printable } from "../base/index.js";
import type { Reference } from "../oci/index.js";
import { imageExporter, refuseTags, registryExporter } from "./image.js";
import { writtenTwice } from "./destination.js";
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

/** Refuses before a build what would fail after it: what outputs need of the names, and of one another. Throws EXPORT_OPTION, EXPORT_DESTINATION. */
export function checkOutputs(outputs: readonly Exporter[], names: readonly Reference[]): void {
  if (names.length === 0 && outputs.some(({ needsName }) => needsName))
    throw new TsbuildError("EXPORT_OPTION", "a push needs a name for the image", {
      hint: "give it with -t, or with name= in the output",
    });
  if (outputs.some(({ refusesTags }) => refusesTags)) refuseTags(names);
  if (outputs.filter(({ toStdout }) => toStdout).length > 1)
    throw new TsbuildError("EXPORT_OPTION", "several outputs would go to the standard output", {
      hint: "give all but one of them a file with dest=",
    });
  const twice = writtenTwice(outputs.flatMap(({ path }) => (path === undefined ? [] : [path])));
  if (twice !== undefined)
    throw new TsbuildError("EXPORT_OPTION", `several outputs would go to ${printable(twice)}`, {
      hint: "give each a dest= of its own",
    });
}
