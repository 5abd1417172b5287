// SPDX-License-Identifier: Apache-2.0
// Which layers the outputs need, begun as soon as the steps that make them are done.

import type { Exporter, TreeSource } from "../export/index.js";
import { toOciType } from "../oci/index.js";
import { SMALL_LAYER } from "../layer/index.js";
import type { MergedPlan, PlannedImage } from "../plan/index.js";
import type { Root } from "../sandbox/index.js";
import type { SnapshotId } from "../snapshot/index.js";
import type { Result, VertexId } from "../solve/index.js";
import { fetchBlob, snapshotOf, type DirectLayers } from "../steps/index.js";
import type { BuiltLayer, ImageLayer } from "./assemble.js";
import { LayerPacker, type LayerForm } from "./layers.js";
import type { Rooms } from "./rooms.js";

export class AssembledLayers {
  readonly #rooms: Rooms;
  /** One for each form that some output wants. */
  readonly #packers = new Map<string, LayerPacker>();
  readonly #epoch: number | undefined;
  readonly #signal: AbortSignal;
  readonly #ofImage: ReadonlySet<VertexId>;
  /** How steps may write layers themselves; undefined: the outputs want none, or layers of several kinds. */
  readonly direct: DirectLayers | undefined;

  constructor(
    rooms: Rooms,
    plan: MergedPlan,
    exporters: readonly Exporter[],
    epoch: number | undefined,
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.#epoch = epoch;
    this.#signal = signal;
    for (const exporter of exporters) if (exporter.needs === "image") this.#packer(exporter);
    this.direct = this.#direct(plan, exporters);
    this.#ofImage = new Set(
      plan.images.flatMap(({ image }) =>
        image.history.flatMap(({ vertex }) => (vertex === undefined ? [] : [vertex])),
      ),
    );
  }

  #direct(plan: MergedPlan, exporters: readonly Exporter[]): DirectLayers | undefined {
    // Only overlayfs has an upper directory in memory.
    if (this.#rooms.driver.name !== "overlay") return undefined;
    const [packer, ...others] = this.#packers.values();
    if (packer === undefined || others.length > 0) return undefined;
    const read = new Set([...plan.graph.values()].flatMap(({ inputs }) => inputs));
    if (exporters.some(({ needs }) => needs === "tree"))
      for (const { image } of plan.images) read.add(image.head);
    const { clampTime } = packer.form;
    return {
      wanted: (vertex) => {
        if (!this.#ofImage.has(vertex)) return undefined;
        return read.has(vertex) ? "with-files" : "alone";
      },
      small: SMALL_LAYER,
      ...(clampTime === undefined ? {} : { clampTime }),
      pack: (id, bytes, write) => packer.direct(id, bytes, write),
      offer: (id, tar) => {
        packer.offer(id, tar);
      },
    };
  }

  #packer({ layers: wish }: Exporter): LayerPacker {
    const clampTime = wish.rewriteTimestamp ? (wish.sourceDateEpoch ?? this.#epoch) : undefined;
    const form: LayerForm = {
      compression: wish.compression,
      force: wish.force,
      ...(wish.level === undefined ? {} : { level: wish.level }),
      ...(clampTime === undefined ? {} : { clampTime }),
    };
    const key = JSON.stringify(form);
    const packer = this.#packers.get(key) ?? new LayerPacker(this.#rooms, form, this.#signal);
    this.#packers.set(key, packer);
    return packer;
  }

  /** A step is done: if its layer is part of the image, packing begins beside the next steps. */
  begin(vertex: VertexId, result: Result): void {
    const id = this.#ofImage.has(vertex) ? snapshotOf(result) : null;
    if (id !== null) for (const packer of this.#packers.values()) void packer.layer(id);
  }

  /** All layers of a finished image, in the form that an output wants. */
  async finish(
    { base }: PlannedImage,
    root: SnapshotId | null,
    exporter: Exporter,
  ): Promise<{ baseLayers: ImageLayer[]; builtLayers: BuiltLayer[] }> {
    const packer = this.#packer(exporter);
    const inBase = (base?.layers ?? []).map(async (descriptor, i): Promise<ImageLayer> => {
      const diffId = base?.config.rootfs.diff_ids[i];
      if (base === undefined || diffId === undefined)
        throw new RangeError("a resolved image has a diffID for every layer");
      await fetchBlob(this.#rooms, base.origin, descriptor, this.#signal);
      // Layers of Docker's media types are the same bytes; types must not be mixed in one manifest.
      const mediaType = toOciType(descriptor.mediaType);
      return packer.converted({ descriptor: { ...descriptor, mediaType }, diffId });
    });
    const built = this.#rooms.snapshots.lineage(root).slice(inBase.length);
    const [baseLayers, builtLayers] = await Promise.all([
      Promise.all(inBase),
      Promise.all(built.map(({ id }) => packer.layer(id))),
    ]);
    return { baseLayers, builtLayers };
  }

  /** The root filesystem as a tree, for outputs of files. With SOURCE_DATE_EPOCH nothing in it is later. */
  treeOf(root: SnapshotId | null): TreeSource {
    const { sandbox, snapshots } = this.#rooms;
    const clamp = this.#epoch === undefined ? {} : { clampTime: this.#epoch };
    const stack = async (signal: AbortSignal): Promise<Root> => {
      await snapshots.write(root, signal);
      return { kind: "stack", lowers: snapshots.stackOf(root) };
    };
    return {
      tar: async (signal, directory) => {
        const below = directory === undefined ? {} : { directory };
        return sandbox.diff({ root: await stack(signal), mode: "tree", ...below, ...clamp }, signal)
          .stream;
      },
      list: async (signal) => {
        await using reader = await sandbox.openTree(await stack(signal), signal);
        const entries = (await reader.list("")) ?? [];
        return entries.slice(1).map(({ path, type }) => ({ path, isDirectory: type === "dir" }));
      },
      copyTo: async (directory, signal) => {
        const source = await stack(signal);
        await using reader = await sandbox.openTree(source, signal);
        const entries = (await reader.list("")) ?? [];
        await sandbox.copy(
          {
            source,
            destination: { kind: "directory", path: directory },
            owner: { kind: "keep" },
            madeTime: 0,
            unprivileged: true,
            ...clamp,
          },
          [
            { op: "target", path: "/", as: "dir", name: "", parentMode: 0o755 },
            ...entries
              .slice(1)
              .map(
                ({ path }) =>
                  ({ op: "entry", from: path, to: path, follow: false, merge: "set" }) as const,
              ),
          ],
          signal,
        );
      },
    };
  }
}
