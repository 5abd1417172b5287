// SPDX-License-Identifier: Apache-2.0
// A solved image with its layers, as an output wants them, put together in the store.

import { defined } from "../base/index.js";
import type { Exporter } from "../export/index.js";
import type { Descriptor } from "../oci/index.js";
import type { PlannedImage } from "../plan/index.js";
import type { SnapshotId } from "../snapshot/index.js";
import { assembleImage, type AssembleInput, type ImageLayer } from "./assemble.js";
import type { AssembledLayers } from "./assembled-layers.js";
import { epochOf } from "./epoch.js";
import type { PreparedBuild } from "./prepare.js";
import type { BuiltImage } from "./request.js";
import { withSquashedHistory } from "./squash.js";

/** `more`: what else its configuration and manifest say, made of its layers where need be. */
export async function finishImage(
  { request, rooms, buildArgs }: PreparedBuild,
  layers: AssembledLayers,
  exporter: Exporter,
  image: PlannedImage,
  root: SnapshotId | null,
  more: (layers: readonly ImageLayer[]) => Promise<FinishOptions>,
): Promise<{ readonly image: BuiltImage; readonly layers: readonly Descriptor[] }> {
  const epoch = exporter.layers.sourceDateEpoch ?? epochOf(buildArgs);
  const { baseLayers, builtLayers } = await layers.finish(image, root, exporter);
  const all = [...baseLayers, ...builtLayers];
  const finished = await assembleImage(rooms.store, {
    image:
      request.squash === undefined
        ? image
        : withSquashedHistory(image, request.squash, builtLayers.length),
    baseLayers,
    builtLayers,
    ...defined({ epoch }),
    history: request.edits?.history ?? true,
    ...(await more(all)),
  });
  return { image: finished, layers: all.map(({ descriptor }) => descriptor) };
}

export type FinishOptions = Pick<
  AssembleInput,
  "annotations" | "createdAnnotation" | "inlineCache"
>;
