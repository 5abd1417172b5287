// SPDX-License-Identifier: Apache-2.0
// Which layers the outputs need, begun as soon as the steps that make them are done.

import type { Exporter, TreeSource } from "../export/index.js";
import { toOciType } from "../oci/index.js";
import type { Plan } from "../plan/index.js";
import type { SnapshotId } from "../snapshot/index.js";
import type { Result, VertexId } from "../solve/index.js";
import { fetchBlob, snapshotOf } from "../steps/index.js";
import type { BuiltLayer, ImageLayer } from "./assemble.js";
import { LayerPacker, type LayerForm } from "./layers.js";
import type { Rooms } from "./rooms.js";

export class AssembledLayers {
  readonly #rooms: Rooms;
  readonly #plan: Plan;
  readonly #packer: LayerPacker;
  readonly #signal: AbortSignal;
  readonly #ofImage: ReadonlySet<VertexId>;
  /** Some output needs the image and not just its tree. */
  readonly wanted: boolean;

  constructor(
    rooms: Rooms,
    plan: Plan,
    exporters: readonly Exporter[],
    epoch: number | undefined,
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.#plan = plan;
    this.#signal = signal;
    this.wanted = exporters.some(({ needs }) => needs === "image");
    this.#packer = new LayerPacker(rooms, formOf(exporters, epoch), signal);
    this.#ofImage = new Set(
      plan.image.history.flatMap(({ vertex }) => (vertex === undefined ? [] : [vertex])),
    );
  }

  /** A step is done: if its layer is part of the image, packing begins beside the next steps. */
  begin(vertex: VertexId, result: Result): void {
    const id = this.wanted && this.#ofImage.has(vertex) ? snapshotOf(result) : null;
    if (id !== null) void this.#packer.layer(id);
  }

  /** All layers of the finished image. */
  async finish(
    root: SnapshotId | null,
  ): Promise<{ baseLayers: ImageLayer[]; builtLayers: BuiltLayer[] }> {
    const { base } = this.#plan.image;
    const baseLayers = (base?.layers ?? []).map((descriptor, i): ImageLayer => {
      const diffId = base?.config.rootfs.diff_ids[i];
      if (diffId === undefined)
        throw new RangeError("a resolved image has a diffID for every layer");
      // Layers of Docker's media types are the same bytes; types must not be mixed in one manifest.
      return { descriptor: { ...descriptor, mediaType: toOciType(descriptor.mediaType) }, diffId };
    });
    if (base !== undefined)
      await Promise.all(
        base.layers.map((layer) => fetchBlob(this.#rooms, base.origin, layer, this.#signal)),
      );
    const built = this.#rooms.snapshots.lineage(root).slice(baseLayers.length);
    const builtLayers = await Promise.all(built.map(({ id }) => this.#packer.layer(id)));
    return { baseLayers, builtLayers };
  }

  /** The root filesystem as a tree, for outputs of files. */
  treeOf(root: SnapshotId | null): TreeSource {
    const { sandbox, snapshots } = this.#rooms;
    const lowers = snapshots.stackOf(root);
    return {
      tar: (signal) =>
        sandbox.diff({ root: { kind: "stack", lowers }, mode: "tree" }, signal).stream,
      copyTo: async (directory, signal) => {
        const source = { kind: "stack", lowers } as const;
        await using reader = await sandbox.openTree(source, signal);
        const entries = (await reader.list("")) ?? [];
        await sandbox.copy(
          {
            source,
            destination: { kind: "directory", path: directory },
            owner: { kind: "keep" },
            madeTime: 0,
            unprivileged: true,
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

/** The outputs' common wish. Outputs that disagree about compression are refused: each would need other layers. */
function formOf(exporters: readonly Exporter[], epoch: number | undefined): LayerForm {
  const wishes = exporters.filter(({ needs }) => needs === "image").map(({ layers }) => layers);
  const wish = wishes[0];
  const clampTime = wish?.rewriteTimestamp === true ? (wish.sourceDateEpoch ?? epoch) : undefined;
  return {
    compression: wish?.compression ?? "gzip",
    ...(wish?.level === undefined ? {} : { level: wish.level }),
    ...(clampTime === undefined ? {} : { clampTime }),
  };
}
