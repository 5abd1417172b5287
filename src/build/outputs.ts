// SPDX-License-Identifier: Apache-2.0
// From solved vertices to what the user gets: images put together, an index where there are several, each output written.

import type { Exporter, ExportResult, PlatformTree } from "../export/index.js";
import { formatReference, type Platform, type Reference } from "../oci/index.js";
import { asStep } from "./as-step.js";
import { annotationsOfBase, assembleIndex } from "./assemble.js";
import type { AssembledLayers, HashedTree } from "./assembled-layers.js";
import { attestations, type Attestations } from "./attest/attestations.js";
import type { Invocation } from "./attest/predicate.js";
import { recordOf } from "./attest/record.js";
import type { AttestationWishes } from "./attest/wish.js";
import { inlineCache, type SolvedBuild } from "./cache/export.js";
import { finishImage } from "./finish-image.js";
import { addToManifestList } from "./manifest-list.js";
import { lendersOf } from "./lenders.js";
import type { PreparedBuild } from "./prepare.js";
import type { BuildResult, BuiltImage, KeptStage } from "./request.js";

export interface OutputsInput {
  readonly prepared: PreparedBuild;
  readonly exporters: readonly Exporter[];
  readonly names: readonly Reference[];
  /** The index of the store that the first image written is added to. */
  readonly manifestList?: Reference;
  readonly layers: AssembledLayers;
  readonly solved: SolvedBuild;
  /** What the build kept beside the image. Undefined: nothing was to be. */
  readonly stages?: readonly KeptStage[];
  /** The result says which platform each of its parts is for, even if there is but one. */
  readonly multiPlatform: boolean;
  /** Images keep what their layers are the results of. */
  readonly inline: boolean;
  readonly wishes: AttestationWishes;
  readonly invocation: Invocation;
}

/** Writes all outputs, one after another. Errors: EXPORT_*, BUILD_NOT_AN_INDEX, those of packing layers. */
export async function writeOutputs(input: OutputsInput): Promise<BuildResult> {
  const { prepared, exporters, names, manifestList, layers, multiPlatform } = input;
  const { rooms, images, events, signal } = input.solved;
  const { request } = prepared;
  const attest = attesting(input);
  const outputs: ExportResult[] = [];
  let made: Pick<BuildResult, "images" | "index"> = { images: [] };
  for (const exporter of exporters) {
    const built = exporter.needs === "image" ? await imagesFor(input, exporter) : [];
    const manifests = built.map(({ manifest }) => manifest);
    const [manifest] = manifests;
    const index =
      (multiPlatform || attest !== undefined) && manifest !== undefined
        ? { index: await assembleIndex(rooms.store, manifests) }
        : {};
    if (made.images.length === 0) made = { images: built, ...index };
    const output = {
      ...(manifest === undefined
        ? {}
        : {
            image: {
              manifest,
              ...index,
              ...(attest === undefined ? {} : { attest: attest.image }),
            },
          }),
      names,
      store: rooms.store,
      trees: images.map(({ platform, root }) =>
        attestedTree(platform, layers.treeOf(root, exporter), attest),
      ),
      multiPlatform,
      keepUnnamed: input.stages !== undefined && manifestList === undefined,
      registry: rooms.registry,
      mountFrom: () => lendersOf(input.solved),
    };
    const stdout = request.stdout ?? process.stdout;
    outputs.push(
      await asStep(`exporting to ${exporter.type}`, events, signal, (onProgress) =>
        exporter.export(output, { signal, stdout, onProgress }),
      ),
    );
  }
  const written = outputs.find(({ descriptor }) => descriptor !== undefined)?.descriptor;
  const listed: string[] = [];
  if (manifestList !== undefined && written !== undefined) {
    await addToManifestList(rooms.store, manifestList, written, signal);
    listed.push(formatReference(manifestList));
  }
  return {
    ...made,
    stages: input.stages ?? [],
    names: [...new Set([...outputs.flatMap((output) => output.names), ...listed])],
    outputs,
    ...(request.record === undefined
      ? {}
      : { record: await recordOf(prepared, input.solved, input.invocation, request.record) }),
  };
}

function attestedTree(
  platform: Platform,
  tree: HashedTree,
  attest: Attestations | undefined,
): PlatformTree {
  if (attest === undefined) return { platform, tree };
  return {
    platform,
    tree,
    attest: async (signal) => {
      const files = await tree.digests(signal);
      const subjects = files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
      return attest.files(platform, subjects);
    },
  };
}

/** Undefined: nobody wants any. */
function attesting({
  wishes,
  prepared,
  solved,
  invocation,
}: OutputsInput): Attestations | undefined {
  if (wishes.provenance === undefined && wishes.scan === undefined) return undefined;
  return attestations(prepared, solved, wishes, invocation);
}

/** The images in the form that an output wants. */
function imagesFor(
  { prepared, layers, solved, inline }: OutputsInput,
  exporter: Exporter,
): Promise<BuiltImage[]> {
  const { edits = {} } = prepared.request;
  const { store } = prepared.rooms;
  return Promise.all(
    solved.images.map(async ({ image, root }) => {
      const finished = await finishImage(prepared, layers, exporter, image, root, async (all) => ({
        createdAnnotation: edits.createdAnnotation ?? false,
        ...(edits.inheritAnnotations === true
          ? { annotations: await annotationsOfBase(store, image, edits.unsetAnnotations ?? []) }
          : {}),
        ...(inline ? { inlineCache: await inlineCache(solved, image, all) } : {}),
      }));
      return finished.image;
    }),
  );
}
