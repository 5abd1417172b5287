// SPDX-License-Identifier: Apache-2.0
// Opening what COPY and mounts read from: a context (once per build) or the snapshot of an input (per use).

import type { SourceRef } from "../plan/index.js";
import type { Root, TreeReader } from "../sandbox/index.js";
import type { Result } from "../solve/index.js";
import type { SourceTree } from "./copy/select.js";
import { readingHasher, type FileHasher } from "./file-hasher.js";
import { snapshotOf } from "./result.js";
import type { StepServices } from "./services.js";

/** An opened tree with its root and a hasher over its files. Disposing a context's does nothing: it is shared. */
export interface OpenedTree extends SourceTree, AsyncDisposable {
  readonly reader: TreeReader;
  readonly root: Root;
  readonly hasher: FileHasher;
}

/** The warning of a step whose files of the context were not the same from the key to the work. */
export const changedMeanwhile =
  "files of the build context changed while they were read: what came of them is not kept in the cache";

/** Opens the tree that a reference of a vertex means. */
export async function openTree(
  services: StepServices,
  source: SourceRef,
  inputs: readonly Result[],
  signal: AbortSignal,
): Promise<OpenedTree> {
  if (source.from === "context") {
    const context = await services.contexts.open(source.name);
    return { ...context, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const id = snapshotOf(inputs[source.index]);
  await services.snapshots.write(id, signal);
  const root: Root = { kind: "stack", lowers: services.snapshots.stackOf(id) };
  const reader = await services.sandbox.openTree(root, signal);
  return {
    reader,
    root,
    hasher: readingHasher(reader),
    label: "the stage or image",
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
