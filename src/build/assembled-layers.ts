// SPDX-License-Identifier: Apache-2.0
// Which layers the outputs need, begun as soon as the steps that make them are done.

import { defined } from "../base/index.js";
import type { Exporter, TreeSource } from "../export/index.js";
import { toOciType } from "../oci/index.js";
import { SMALL_LAYER } from "../layer/index.js";
import type { MergedPlan, PlannedImage } from "../plan/index.js";
import { hashSize, type Root } from "../sandbox/index.js";
import type { SnapshotId } from "../snapshot/index.js";
import type { Result, VertexId } from "../solve/index.js";
import { fetchBlob, readingHasher, snapshotOf, type DirectLayers } from "../steps/index.js";
import type { BuiltLayer, ImageLayer } from "./assemble.js";
import { LayerPacker, type LayerForm } from "./layers.js";
import type { Rooms } from "./rooms.js";
import type { Squash } from "./squash.js";

/** BuildKit's mark of layers in which times were limited: tools tell by it that such an image can be made again. */
const rewrittenAnnotation = "buildkit/rewritten-timestamp";

function clamped(layer: BuiltLayer, { clampTime }: LayerForm): BuiltLayer {
  if (clampTime === undefined) return layer;
  const { descriptor } = layer;
  const annotations = { ...descriptor.annotations, [rewrittenAnnotation]: String(clampTime) };
  return { ...layer, descriptor: { ...descriptor, annotations } };
}

/** A tree, and what a statement about it says. */
export interface HashedTree extends TreeSource {
  /** The regular files, by the hex sha256 of their content; paths without a leading slash. */
  digests(
    signal: AbortSignal,
  ): Promise<readonly { readonly path: string; readonly sha256: string }[]>;
}

export class AssembledLayers {
  readonly #rooms: Rooms;
  /** One for each form that some output wants. */
  readonly #packers = new Map<string, LayerPacker>();
  readonly #epoch: number | undefined;
  readonly #signal: AbortSignal;
  readonly #squash: Squash | undefined;
  readonly #ofImage: ReadonlySet<VertexId>;
  /** How steps may write layers themselves; undefined: the outputs want none, or layers of several kinds. */
  readonly direct: DirectLayers | undefined;

  constructor(
    rooms: Rooms,
    plan: MergedPlan,
    exporters: readonly Exporter[],
    { epoch, squash }: { readonly epoch: number | undefined; readonly squash: Squash | undefined },
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.#epoch = epoch;
    this.#squash = squash;
    this.#signal = signal;
    for (const exporter of exporters) if (exporter.needs === "image") this.#packer(exporter);
    this.direct = this.#direct(plan, exporters);
    this.#ofImage = new Set(
      squash !== undefined
        ? []
        : plan.images.flatMap(({ image, stages }) =>
            [image, ...stages.map((stage) => stage.image)].flatMap(({ history }) =>
              history.flatMap(({ vertex }) => (vertex === undefined ? [] : [vertex])),
            ),
          ),
    );
  }

  #direct(plan: MergedPlan, exporters: readonly Exporter[]): DirectLayers | undefined {
    // Only overlayfs has an upper directory in memory.
    if (this.#rooms.driver.name !== "overlay") return undefined;
    // A squashed layer is made from the files.
    if (this.#squash !== undefined) return undefined;
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
      ...defined({ clampTime }),
      pack: (id, bytes, write) => packer.direct(id, bytes, write),
      offer: (id, tar) => {
        packer.offer(id, tar);
      },
      begin: (root) => {
        packer.begin(root);
      },
    };
  }

  #packer({ layers: wish }: Exporter): LayerPacker {
    const clampTime = wish.rewriteTimestamp ? (wish.sourceDateEpoch ?? this.#epoch) : undefined;
    const form: LayerForm = {
      compression: wish.compression,
      force: wish.force,
      ...defined({ level: wish.level, clampTime }),
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
    if (root !== null && this.#squash === "all")
      return { baseLayers: [], builtLayers: [await packer.squashed(root, null)] };
    const inBase = (base?.layers ?? []).map(async (descriptor, i): Promise<ImageLayer> => {
      const diffId = base?.config.rootfs.diff_ids[i];
      if (base === undefined || diffId === undefined)
        throw new RangeError("a resolved image has a diffID for every layer");
      await fetchBlob(this.#rooms, base.origin, descriptor, this.#signal);
      // Layers of Docker's media types are the same bytes; types must not be mixed in one manifest.
      const mediaType = toOciType(descriptor.mediaType);
      return packer.converted({ descriptor: { ...descriptor, mediaType }, diffId });
    });
    const states = this.#rooms.snapshots.lineage(root);
    const built = states.slice(inBase.length);
    const [baseLayers, builtLayers] = await Promise.all([
      Promise.all(inBase),
      root !== null && built.length > 1 && this.#squash !== undefined
        ? packer.squashed(root, states[inBase.length - 1]?.id ?? null).then((layer) => [layer])
        : Promise.all(built.map(({ id }) => packer.layer(id))),
    ]);
    return { baseLayers, builtLayers: builtLayers.map((layer) => clamped(layer, packer.form)) };
  }

  /**
   * The root filesystem as a tree, for outputs of files. With SOURCE_DATE_EPOCH, the build's or the output's own, it is the
   * time of everything in it.
   */
  treeOf(root: SnapshotId | null, { layers }: Exporter): HashedTree {
    const { sandbox, snapshots } = this.#rooms;
    const epoch = layers.sourceDateEpoch ?? this.#epoch;
    const times = epoch === undefined ? {} : { oneTime: epoch };
    const stack = async (signal: AbortSignal): Promise<Root> => {
      await snapshots.write(root, signal);
      return { kind: "stack", lowers: snapshots.stackOf(root) };
    };
    return {
      tar: async (signal, directory) => {
        const below = directory === undefined ? {} : { directory };
        return sandbox.diff({ root: await stack(signal), mode: "tree", ...below, ...times }, signal)
          .stream;
      },
      digests: async (signal) => {
        await using reader = await sandbox.openTree(await stack(signal), signal);
        const entries = (await reader.list("")) ?? [];
        const files = entries.filter(({ type }) => type === "file");
        const hashes = await readingHasher(reader).hash(
          files.map((entry) => ({ path: entry.path, entry })),
        );
        return files.map(({ path }, i) => ({
          path,
          sha256: hashes.toString("hex", i * hashSize, (i + 1) * hashSize),
        }));
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
            replace: true,
            ...times,
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
