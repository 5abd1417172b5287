// SPDX-License-Identifier: Apache-2.0
import type { Step } from "../solve/index.js";
import { copyStep } from "./copy/step.js";
import { gitStep } from "./git.js";
import { httpStep } from "./http.js";
import { imageStep } from "./image/step.js";
import { runStep } from "./run/step.js";
import { scratchStep } from "./scratch.js";
import { Outlines } from "./outlines.js";
import type { StepServices } from "./services.js";
import { workdirStep } from "./workdir.js";

export { downloadTable, type Download } from "./http.js";
export { pulledTable, type Pulled, type PullPolicy } from "./image/names.js";
export { hostsFile } from "./run/hosts.js";
export {
  cacheKey,
  cacheMountTable,
  sharedMountKey,
  type CacheMountRecord,
} from "./run/cache-mounts.js";
export { ContextTrees, type LoadedTree, type OpenContext } from "./context-trees.js";
export { fileDigestTable, readingHasher } from "./file-hasher.js";
export { selectionTable } from "./copy/remembered.js";
export { manifestOf, unpackImage } from "./image/step.js";
export { layoutEntries, type LayoutImage } from "./image/layout.js";
export { ImageResolver } from "./image/resolver.js";
export { imageOfId, type StoredImage } from "./image/stored.js";
export { fetchBlob, storeBlob } from "./image/blobs.js";
export { snapshotOf, type SnapshotResult } from "./result.js";
export { outlineTable, type Outline } from "./outlines.js";
export { stepsErrorCodes } from "./errors.js";
export type { DirectLayers, FailedCommand, RunSettings, StepServices } from "./services.js";

/** The table of steps: one row per kind of vertex. */
export function createSteps(
  given: Omit<StepServices, "outlines" | "freshCaches">,
): Readonly<Record<string, Step>> {
  const services: StepServices = {
    ...given,
    outlines: new Outlines(given.store),
    freshCaches: new Map(),
  };
  return {
    scratch: scratchStep,
    image: imageStep(services),
    run: runStep(services),
    copy: copyStep(services),
    workdir: workdirStep(services),
    http: httpStep(services),
    git: gitStep(services),
  };
}
