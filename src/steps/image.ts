// SPDX-License-Identifier: Apache-2.0
// FROM an image: its layers into the store, and unpacked into snapshots.

import pLimit from "p-limit";
import { parseImageConfig, parseManifest, type Descriptor, type Digest } from "../oci/index.js";
import type { ImageOp, ResolvedImage } from "../plan/index.js";
import type { SnapshotId } from "../snapshot/index.js";
import type { Result, Step, StepContext, Vertex } from "../solve/index.js";
import { fetchBlob } from "./image-blobs.js";
import { snapshotUsable } from "./result.js";
import type { StepServices } from "./services.js";

/** Blobs of one image that are fetched at once. */
const downloads = 4;

export function imageStep(services: StepServices): Step {
  return {
    resource: "network",
    define: ({ op }) => Promise.resolve({ manifest: (op as ImageOp).manifest.digest }),
    run: (vertex, _inputs, context) => runImage(services, vertex, context),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

async function runImage(
  services: StepServices,
  vertex: Vertex,
  context: StepContext,
): Promise<Result> {
  const { manifest: where, origin } = vertex.op as ImageOp;
  const { store } = services;
  // Whoever resolved the image has put its manifest and configuration into the store.
  const descriptor: Descriptor = { ...where, digest: where.digest as Digest };
  const manifest = parseManifest(await store.blobs.read(descriptor), descriptor.mediaType);
  const config = parseImageConfig(await store.blobs.read(manifest.config));
  const snapshot = await unpackImage(
    services,
    { layers: manifest.layers, config, origin },
    context,
  );
  return snapshot === null ? null : { snapshot };
}

/** Brings an image's layers into the store and unpacks them. Costs next to nothing when both was done before. */
export async function unpackImage(
  services: Pick<StepServices, "store" | "registry" | "snapshots">,
  image: Pick<ResolvedImage, "layers" | "config" | "origin">,
  { signal, progress }: Pick<StepContext, "signal" | "progress">,
): Promise<SnapshotId | null> {
  const { store } = services;
  const { config, origin } = image;
  const total = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  let current = 0;
  const limit = pLimit(downloads);
  const onBytes = (count: number): void => {
    progress("downloaded", (current += count), total);
  };
  await Promise.all(
    image.layers.map((layer) => limit(() => fetchBlob(services, origin, layer, signal, onBytes))),
  );
  const layers = image.layers.map((layer, i) => {
    const diffId = config.rootfs.diff_ids[i];
    if (diffId === undefined) throw new RangeError("a resolved image has a diffID for every layer");
    return { descriptor: layer, diffId };
  });
  return services.snapshots.unpack(layers, {
    blob: (layer) => store.blobs.stream(layer),
    signal,
    onProgress: (done, all) => {
      progress("unpacked", done, all);
    },
  });
}
