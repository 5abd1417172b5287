// SPDX-License-Identifier: Apache-2.0
// --metadata-file, with the keys that docker buildx writes.

import type { BuildResult } from "../../build.js";

export function metadataOf({
  images: [first],
  index,
  names,
  outputs,
}: BuildResult): Record<string, unknown> {
  // An output that changes the manifest (annotations) tells its own descriptor.
  const descriptor =
    outputs.find((output) => output.descriptor !== undefined)?.descriptor ??
    index ??
    first?.manifest;
  return {
    ...(first === undefined || index !== undefined
      ? {}
      : { "containerimage.config.digest": first.config.digest }),
    ...(descriptor === undefined
      ? {}
      : { "containerimage.descriptor": descriptor, "containerimage.digest": descriptor.digest }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
  };
}
