// SPDX-License-Identifier: Apache-2.0
// FROM an image: its layers into the store, and unpacked into snapshots.

import { isTsbuildError } from "../../base/index.js";
import { parseImageConfig, parseManifest, type Digest, type Manifest } from "../../oci/index.js";
import type { ImageOp, ResolvedImage } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { Result, Step, StepContext, Vertex } from "../../solve/index.js";
import { ImageLayers } from "./layers.js";
import { snapshotUsable } from "../result.js";
import type { StepServices } from "../services.js";

export function imageStep(services: StepServices): Step {
  return {
    resource: "network",
    define: ({ op }) => Promise.resolve({ manifest: (op as ImageOp).manifest.digest }),
    run: (vertex, _inputs, context) => runImage(services, vertex, context),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

/** The manifest of an image: whoever resolved it has put that, and its configuration, into the store. */
export async function manifestOf(
  store: StepServices["store"],
  { manifest }: ImageOp,
): Promise<Manifest> {
  const bytes = await store.blobs.read({ ...manifest, digest: manifest.digest as Digest });
  return parseManifest(bytes, manifest.mediaType);
}

async function runImage(
  services: StepServices,
  vertex: Vertex,
  context: StepContext,
): Promise<Result> {
  const op = vertex.op as ImageOp;
  const { store } = services;
  const manifest = await manifestOf(store, op);
  const config = parseImageConfig(await store.blobs.read(manifest.config));
  const snapshot = await unpackImage(
    services,
    { layers: manifest.layers, config, origin: op.origin },
    context,
  );
  return snapshot === null ? null : { snapshot };
}

/**
 * Brings an image's layers into the store, and unpacks them while they come. Costs next to nothing when both was done before.
 * The first failure ends all of it.
 */
export async function unpackImage(
  services: Pick<StepServices, "store" | "registry" | "snapshots">,
  image: Pick<ResolvedImage, "layers" | "config" | "origin">,
  { signal, progress }: Pick<StepContext, "signal" | "progress">,
): Promise<SnapshotId | null> {
  const { config, origin } = image;
  const total = image.layers.reduce((sum, layer) => sum + layer.size, 0);
  let current = 0;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  await using fetched = new ImageLayers(services, origin, image.layers, {
    signal: either,
    onBytes: (count) => {
      progress("downloaded", (current += count), total);
    },
  });
  const layers = image.layers.map((layer, i) => {
    const diffId = config.rootfs.diff_ids[i];
    if (diffId === undefined) throw new RangeError("a resolved image has a diffID for every layer");
    return { descriptor: layer, diffId };
  });
  const unpacked = services.snapshots.unpack(layers, {
    blob: (layer) => fetched.read(layer),
    signal: either,
    onProgress: (done, all) => {
      progress("unpacked", done, all);
    },
  });
  try {
    const [snapshot] = await Promise.all([unpacked, fetched.stored()]);
    return snapshot;
  } catch (error) {
    const cause = await causeOf(error, fetched);
    failed.abort(cause);
    await unpacked.catch(() => undefined); // ended with the same error, or with its own
    throw cause;
  }
}

/** A layer that makes no sense may just have come damaged: that is known when all of it is there. */
async function causeOf(error: unknown, fetched: ImageLayers): Promise<unknown> {
  if (!isTsbuildError(error) || !error.code.startsWith("LAYER_")) return error;
  return fetched.stored().then(
    () => error,
    (failure: unknown) => failure,
  );
}
