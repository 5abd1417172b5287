// SPDX-License-Identifier: Apache-2.0
// Which image `tsbuild run` means, and its files as a state of the store.

import { TsbuildError, defined, type EventSink } from "../../base/index.js";
import { parseNamedContext } from "../../context/index.js";
import { hostPlatform, normalizePlatform, parsePlatform } from "../../oci/index.js";
import type { ResolvedImage } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import { ImageResolver, unpackImage } from "../../steps/index.js";
import type { Rooms } from "../rooms.js";
import type { RunImageRequest } from "./request.js";

/** Errors: BUILD_UNSUPPORTED for sources that are no images, those of ImageResolver. */
export async function findImage(rooms: Rooms, request: RunImageRequest): Promise<ResolvedImage> {
  const { image, pull, signal } = request;
  const platform = normalizePlatform(
    request.platform === undefined ? hostPlatform() : parsePlatform(request.platform),
  );
  await using images = new ImageResolver(rooms, { pull, signal });
  if (!/^[a-z-]+:\/\//i.test(image))
    return (await images.stored(image, platform)) ?? (await images.reference(image, platform));
  const source = parseNamedContext(image, request.cwd ?? process.cwd());
  if (source.kind === "image") return await images.reference(source.reference, platform);
  if (source.kind === "oci-layout") return await images.layout(source.directory, source, platform);
  throw new TsbuildError("BUILD_UNSUPPORTED", `${image} is no image`, {
    hint: "An image is a name, an id, or oci-layout://DIR[:TAG].",
  });
}

/** Fetches and unpacks what is missing, and tells of it as of a step. */
export async function stateOf(
  rooms: Rooms,
  image: ResolvedImage,
  events: EventSink,
  signal: AbortSignal,
): Promise<SnapshotId | null> {
  const step = { id: "image", name: `getting ${image.reference}` };
  const told = { begun: false };
  const state = await unpackImage(rooms, image, {
    signal,
    progress: (label, current, total) => {
      if (!told.begun) events({ kind: "step-started", step, time: Date.now() });
      told.begun = true;
      events({
        kind: "step-progress",
        id: step.id,
        label,
        current,
        ...defined({ total }),
        time: Date.now(),
      });
    },
  });
  if (told.begun) events({ kind: "step-finished", step, outcome: "done", time: Date.now() });
  return state;
}
