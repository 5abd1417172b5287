// SPDX-License-Identifier: Apache-2.0
// What a build leaves for other machines: the layers of its steps, by key.

import { messageOf, type EventSink } from "../../base/index.js";
import {
  cacheConfigType,
  encodeInline,
  encodeRecords,
  type CachedLayer,
  type CacheServices,
  type CacheTarget,
} from "../../cache/index.js";
import {
  digestOf,
  encodeIndex,
  encodeManifest,
  mediaTypes,
  parseImageConfig,
  toDockerType,
  type Descriptor,
  type Platform,
} from "../../oci/index.js";
import type { ImageOp, MergedPlan, PlannedImage } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { CacheKey, Solver, VertexId } from "../../solve/index.js";
import { fetchBlob, manifestOf, snapshotOf } from "../../steps/index.js";
import { asStep } from "../as-step.js";
import type { ImageLayer } from "../assemble.js";
import { LayerPacker } from "../layers.js";
import type { Rooms } from "../rooms.js";
import type { CacheMountLayers } from "./mounts.js";
import type { WantedTarget } from "./wanted.js";

/** Kinds of vertices whose result is a state and nothing else. */
const kinds: ReadonlySet<string> = new Set(["run", "copy", "workdir", "git"]);

export interface SolvedBuild {
  readonly rooms: Rooms;
  readonly plan: MergedPlan;
  /** One for each platform, with the state that its last step made. */
  readonly images: readonly {
    readonly platform: Platform;
    readonly image: PlannedImage;
    readonly root: SnapshotId | null;
    /** The scan for an SBOM, and what it left, where there was one. */
    readonly scan?: VertexId;
    readonly scanned?: SnapshotId;
  }[];
  readonly solver: Solver;
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

/** Writes the caches out. A target with `ignore-error=true` that cannot be written is a warning. */
export async function exportCaches(
  build: SolvedBuild,
  mounts: CacheMountLayers,
  targets: readonly WantedTarget[],
  services: CacheServices,
): Promise<void> {
  const { events, signal } = build;
  for (const { target, form } of targets)
    try {
      await asStep(`exporting cache to ${target.label}`, events, signal, async () => {
        const packer = new LayerPacker(build.rooms, form, signal);
        const records = new Map([
          ...(await recordsOf(build, packer, target.mode)),
          ...(target.mounts ? await mounts.pack(packer) : []),
        ]);
        const { manifest, blobs } = await encoded(build.rooms, records, target.form);
        await target.write(manifest, blobs, services, signal);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!target.ignoreErrors) throw error;
      const message = `the cache ${target.label} was not written: ${messageOf(error)}`;
      events({ kind: "warning", message });
    }
}

/** The steps that made the image's own layers, bottom first. */
function stepsOf({ history }: PlannedImage): readonly VertexId[] {
  return history.flatMap(({ vertex }) => (vertex === undefined ? [] : [vertex]));
}

async function recordsOf(
  build: SolvedBuild,
  packer: LayerPacker,
  mode: "min" | "max",
): Promise<ReadonlyMap<CacheKey, readonly CachedLayer[]>> {
  const { rooms, plan, solver } = build;
  const below = await layersOfImages(build);
  const layersOf = (state: SnapshotId): Promise<CachedLayer[]> =>
    Promise.all(
      rooms.snapshots.lineage(state).map(async ({ id }) => below.get(id) ?? packer.layer(id)),
    );
  const records = new Map<CacheKey, readonly CachedLayer[]>();
  for (const { image, root } of build.images)
    if (root !== null) await addImage(records, solver, image, await layersOf(root));
  if (mode === "min") return records;
  for (const { id, kind } of plan.graph.values()) {
    // Images and downloads are had from where they come from.
    if (!kinds.has(kind) || !solver.isKeyed(id)) continue;
    const key = await solver.keyOf(id);
    if (records.has(key)) continue;
    const result = await solver.remembered(id);
    const state = result === undefined ? null : snapshotOf(result);
    if (state !== null) records.set(key, await layersOf(state));
  }
  return records;
}

/** Each step of an image has the layers up to its own, whether or not it was asked for by itself. */
async function addImage(
  records: Map<CacheKey, readonly CachedLayer[]>,
  solver: Solver,
  image: PlannedImage,
  layers: readonly CachedLayer[],
): Promise<void> {
  const steps = stepsOf(image);
  const inBase = layers.length - steps.length;
  for (const [i, id] of steps.entries())
    if (solver.isKeyed(id)) records.set(await solver.keyOf(id), layers.slice(0, inBase + i + 1));
}

/** The layers of all base images, as they came, by the state that each makes. */
async function layersOfImages({
  rooms,
  plan,
  solver,
  signal,
}: SolvedBuild): Promise<ReadonlyMap<SnapshotId, CachedLayer>> {
  const { store, snapshots } = rooms;
  const found = new Map<SnapshotId, CachedLayer>();
  for (const { id, kind, op } of plan.graph.values()) {
    if (kind !== "image") continue;
    const result = await solver.remembered(id);
    const snapshot = result === undefined ? null : snapshotOf(result);
    if (snapshot === null) continue;
    const { origin } = op as ImageOp;
    const manifest = await manifestOf(store, op as ImageOp);
    const { rootfs } = parseImageConfig(await store.blobs.read(manifest.config));
    for (const [i, state] of snapshots.lineage(snapshot).entries()) {
      const [layer, diffId] = [manifest.layers[i], rootfs.diff_ids[i]];
      if (layer === undefined || diffId === undefined) continue;
      await fetchBlob(rooms, origin, layer, signal);
      found.set(state.id, { descriptor: layer, diffId, createdAt: state.createdAt });
    }
  }
  return found;
}

/** A layer with Docker's media type, where it has one. */
function asDocker(layer: Descriptor): Descriptor {
  return { ...layer, mediaType: toDockerType(layer.mediaType) ?? layer.mediaType };
}

/** The cache as documents in the store. `blobs`: everything that it consists of, the manifest too. */
async function encoded(
  { store }: Rooms,
  records: ReadonlyMap<CacheKey, readonly CachedLayer[]>,
  form: CacheTarget["form"],
): Promise<{ readonly manifest: Descriptor; readonly blobs: readonly Descriptor[] }> {
  const { text, blobs: layers } = encodeRecords(records);
  const bytes = Buffer.from(text);
  const config = { mediaType: cacheConfigType, digest: digestOf(bytes), size: bytes.length };
  await store.blobs.writeBytes(bytes);
  const top =
    form === "manifest"
      ? encodeManifest({ config, layers })
      : form === "index"
        ? encodeIndex({ manifests: [...layers, config] })
        : encodeIndex({ manifests: [...layers.map(asDocker), config] }, mediaTypes.dockerIndex);
  await store.blobs.writeBytes(top.bytes);
  return { manifest: top.descriptor, blobs: [top.descriptor, config, ...layers] };
}

/** The records of an image's own layers, for its configuration. */
export async function inlineCache(
  { solver }: SolvedBuild,
  image: PlannedImage,
  layers: readonly ImageLayer[],
): Promise<string> {
  const records = new Map<CacheKey, readonly CachedLayer[]>();
  const cached = layers.map((layer) => ({ ...layer, createdAt: 0 }));
  await addImage(records, solver, image, cached);
  return encodeInline(
    records,
    layers.map(({ descriptor }) => descriptor.digest),
  );
}
