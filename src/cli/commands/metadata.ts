// SPDX-License-Identifier: Apache-2.0
// What is told of a result: the id of its image, and --metadata-file, with the keys that docker buildx writes.

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

/** The digest of the configuration; of the index when there are several platforms. */
export function idOf({ images, index, outputs }: BuildResult): string | undefined {
  if (index === undefined) return images[0]?.config.digest;
  // With annotations of an output, it is another index.
  return outputs.find(({ descriptor }) => descriptor !== undefined)?.descriptor?.digest;
}
