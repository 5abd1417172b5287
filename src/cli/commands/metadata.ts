// SPDX-License-Identifier: Apache-2.0
// --metadata-file, with the keys that docker buildx writes.

import type { BuildResult } from "../../build.js";

export function metadataOf({
  manifest,
  config,
  names,
  outputs,
}: BuildResult): Record<string, unknown> {
  // An output that changes the manifest (annotations) tells its own descriptor.
  const descriptor =
    outputs.find((output) => output.descriptor !== undefined)?.descriptor ?? manifest;
  return {
    ...(config === undefined ? {} : { "containerimage.config.digest": config.digest }),
    ...(descriptor === undefined
      ? {}
      : { "containerimage.descriptor": descriptor, "containerimage.digest": descriptor.digest }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
  };
}
