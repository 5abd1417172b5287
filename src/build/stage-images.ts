// SPDX-License-Identifier: Apache-2.0
// `--save-stages`: every stage that a build needs is kept in the store as an image, as soon as its last step is done.

import { all, type EventSink } from "../base/index.js";
import type { Exporter } from "../export/index.js";
import { formatPlatform, hexOf, parseManifest } from "../oci/index.js";
import {
  stageBaseLabel,
  stageNameLabel,
  type PlannedImage,
  type PlannedStage,
} from "../plan/index.js";
import type { Solver } from "../solve/index.js";
import { snapshotOf } from "../steps/index.js";
import { asStep } from "./as-step.js";
import type { AssembledLayers } from "./assembled-layers.js";
import { finishImage } from "./finish-image.js";
import type { PreparedBuild } from "./prepare.js";
import type { KeptStage } from "./request.js";

export interface StageImagesInput {
  readonly prepared: PreparedBuild;
  readonly layers: AssembledLayers;
  /** The output whose layers they share. */
  readonly exporter: Exporter;
  readonly solver: Solver;
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

export interface KeptStages {
  readonly stages: readonly KeptStage[];
  /** The target's image, with its labels where it gets some. */
  readonly target: PlannedImage;
}

type Labels = Readonly<Record<string, string>>;

/** A stage as those that continue it need it. */
interface Finished {
  /** As planned, but with labels. */
  readonly image: PlannedImage;
  /** Those of them that say which stage it is. */
  readonly labels: Labels;
  /** Hexadecimal; absent: it is no image. */
  readonly id?: string;
}

/**
 * Keeps the stages of one platform's image. Stages that were done stay kept when another fails: they are what is left to look
 * at. `stages`: as in Plan. Errors: what the solver throws, those of packing layers, STORE_*.
 */
export async function keepStages(
  input: StageImagesInput,
  stages: readonly PlannedStage[],
): Promise<KeptStages> {
  const finished = new Map<number, Promise<Finished>>();
  const kept: Promise<KeptStage>[] = [];
  for (const stage of stages.slice(0, -1)) {
    const below = Promise.resolve(finished.get(stage.baseStage ?? -1));
    if (!stage.own) {
      finished.set(
        stage.index,
        below.then((base) => base ?? imageBelow(input, stage)),
      );
      continue;
    }
    const keeping = keepWhenSolved(input, stage, below);
    finished.set(stage.index, keeping);
    kept.push(keeping.then((one) => one.kept));
  }
  const [images] = await all([all(kept), all([...finished.values()])]);
  const target = stages.at(-1);
  if (target === undefined) throw new RangeError("a plan with images of stages has the target");
  const base = await finished.get(target.baseStage ?? -1);
  const unwanted = input.prepared.request.edits?.unsetLabels ?? [];
  return { stages: images, target: labelled(input, target, base, unwanted).image };
}

async function keepWhenSolved(
  input: StageImagesInput,
  stage: PlannedStage,
  below: Promise<Finished | undefined>,
): Promise<Finished & { readonly kept: KeptStage }> {
  const { prepared, layers, exporter, solver, events, signal } = input;
  const { store } = prepared.rooms;
  const [base, result] = await all([below, solver.solve(stage.image.head)]);
  // A build that was interrupted is over at once; after one that failed, what it did is worth keeping.
  signal.throwIfAborted();
  const { image, labels } = labelled(input, stage, base);
  const platform = formatPlatform(image.platform);
  const built = await asStep(
    `keeping stage ${stage.name} (${platform})`,
    events,
    signal,
    async () => {
      // Without a layer there is no time of it; the same stage is to give the same image.
      const root = snapshotOf(result);
      const made = await finishImage(prepared, layers, exporter, image, root, () =>
        Promise.resolve({}),
      );
      const blobs = [made.image.manifest, made.image.config, ...made.layers];
      await store.images.keep([made.image.manifest], {
        blobs: blobs.map(({ digest }) => digest),
        signal,
      });
      return made.image;
    },
  );
  return { image, labels, id: hexOf(built.config.digest), kept: { ...built, name: stage.name } };
}

/** A stage without instructions, and not on another stage, is the image that its FROM names. */
async function imageBelow(
  { prepared }: StageImagesInput,
  { image }: PlannedStage,
): Promise<Finished> {
  if (image.base === undefined) return { image, labels: {} };
  const { manifest } = image.base;
  const bytes = await prepared.rooms.store.blobs.read(manifest);
  const { config } = parseManifest(bytes, manifest.mediaType);
  return { image, labels: {}, id: hexOf(config.digest) };
}

/** The image with the labels of its stage, if it has instructions of its own, or else of the one that it is. */
function labelled(
  { prepared }: StageImagesInput,
  stage: PlannedStage,
  base: Finished | undefined,
  unwanted: readonly string[] = [],
): Pick<Finished, "image" | "labels"> {
  const { image, inherited, own, name } = stage;
  if (prepared.request.keepStages?.labels !== true) return { image, labels: {} };
  const all = own
    ? { [stageNameLabel]: name, [stageBaseLabel]: base?.id ?? stage.base }
    : (base?.labels ?? {});
  const labels = Object.fromEntries(Object.entries(all).filter(([key]) => !unwanted.includes(key)));
  const line = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const history = [
    ...(base?.image.history ?? image.history.slice(0, inherited)),
    ...(own && line.length > 0 ? [{ createdBy: `LABEL ${line.join(" ")}` }] : []),
    ...image.history.slice(inherited),
  ];
  // Labels that the stage gives itself come later in it.
  const config = { ...image.config, Labels: { ...labels, ...image.config.Labels } };
  return { image: { ...image, config, history }, labels };
}
