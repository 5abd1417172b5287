// SPDX-License-Identifier: Apache-2.0
// From solved vertices to what the user gets: images put together, an index where there are several, each output written.

import type { Exporter, ExportResult, PlatformTree } from "../export/index.js";
import { formatReference, type Platform, type Reference } from "../oci/index.js";
import { asStep } from "./as-step.js";
import { annotationsOfBase, assembleImage, assembleIndex } from "./assemble.js";
import type { AssembledLayers, HashedTree } from "./assembled-layers.js";
import { attestations, type Attestations } from "./attest/attestations.js";
import type { AttestationWishes } from "./attest/wish.js";
import { inlineCache, type SolvedBuild } from "./cache/export.js";
import { epochOf } from "./epoch.js";
import { addToManifestList } from "./manifest-list.js";
import type { PreparedBuild } from "./prepare.js";
import type { BuildResult, BuiltImage } from "./request.js";
import { withSquashedHistory } from "./squash.js";

export interface OutputsInput {
  readonly prepared: PreparedBuild;
  readonly exporters: readonly Exporter[];
  readonly names: readonly Reference[];
  /** The index of the store that the first image written is added to. */
  readonly manifestList?: Reference;
  readonly layers: AssembledLayers;
  readonly solved: SolvedBuild;
  /** The result says which platform each of its parts is for, even if there is but one. */
  readonly multiPlatform: boolean;
  /** Images keep what their layers are the results of. */
  readonly inline: boolean;
  readonly wishes: AttestationWishes;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Writes all outputs, one after another. Errors: EXPORT_*, BUILD_NOT_AN_INDEX, those of packing layers. */
export async function writeOutputs(input: OutputsInput): Promise<BuildResult> {
  const { prepared, exporters, names, manifestList, layers, multiPlatform } = input;
  const { rooms, images, events, signal } = input.solved;
  const { request } = prepared;
  const attest = attesting(input);
  const now = Date.now();
  const outputs: ExportResult[] = [];
  let made: Pick<BuildResult, "images" | "index"> = { images: [] };
  for (const exporter of exporters) {
    const built = exporter.needs === "image" ? await imagesFor(input, exporter, now) : [];
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
      registry: rooms.registry,
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
    names: [...new Set([...outputs.flatMap((output) => output.names), ...listed])],
    outputs,
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
  startedAt,
}: OutputsInput): Attestations | undefined {
  if (wishes.provenance === undefined && wishes.scan === undefined) return undefined;
  return attestations(prepared, solved, wishes, startedAt);
}

/** The images in the form that an output wants. */
function imagesFor(
  { prepared, layers, solved, inline }: OutputsInput,
  exporter: Exporter,
  now: number,
): Promise<BuiltImage[]> {
  const { request, rooms, buildArgs } = prepared;
  const { edits = {} } = request;
  const epoch = exporter.layers.sourceDateEpoch ?? epochOf(buildArgs);
  return Promise.all(
    solved.images.map(async ({ image, root }) => {
      const { baseLayers, builtLayers } = await layers.finish(image, root, exporter);
      const cache = inline
        ? { inlineCache: await inlineCache(solved, image, [...baseLayers, ...builtLayers]) }
        : {};
      return assembleImage(rooms.store, {
        image:
          request.squash === undefined
            ? image
            : withSquashedHistory(image, request.squash, builtLayers.length),
        baseLayers,
        builtLayers,
        ...(epoch === undefined ? {} : { epoch }),
        now,
        history: edits.history ?? true,
        createdAnnotation: edits.createdAnnotation ?? false,
        ...(edits.inheritAnnotations === true
          ? {
              annotations: await annotationsOfBase(
                rooms.store,
                image,
                edits.unsetAnnotations ?? [],
              ),
            }
          : {}),
        ...cache,
      });
    }),
  );
}
