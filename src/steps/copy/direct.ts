// SPDX-License-Identifier: Apache-2.0
// A COPY that writes its layer itself: with few files together with them, so that no other process has to compare them; and
// where nothing reads the files straight from the sources, so that no file is made on a disk.

import { defined, isTsbuildError } from "../../base/index.js";
import type { CopyOp } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { Result } from "../../solve/index.js";
import { openTree } from "../trees.js";
import { gather, nothing } from "./gather.js";
import { ownerOf } from "./owner.js";
import type { Work } from "./sources.js";

/** Entries that a copy in memory may have: each takes the kernel about a kilobyte. */
const mostInMemory = 400_000;

/**
 * Copies and writes the layer at once. Undefined: it has to be done in the ordinary way, because the layer is not wanted or
 * large, a source is more than entries of one tree, or the kernel cannot.
 */
export async function copyDirectly(
  work: Work,
  parent: SnapshotId | null,
  alone: boolean,
): Promise<Result | undefined> {
  const { services, vertex, inputs, context } = work;
  const { direct, snapshots, sandbox } = services;
  const op = vertex.op as CopyOp;
  const wanted = direct?.wanted(vertex.id);
  if (direct === undefined || wanted === undefined) return undefined;
  const withFiles = wanted === "with-files";
  // A layer with other times than the files' cannot stand for them.
  if (!withFiles && direct.clampTime !== undefined) return undefined;
  const gathered = await gather(work);
  if (gathered === undefined) return undefined;
  if (withFiles && (alone || gathered.bytes > direct.small)) return undefined;
  if (!withFiles && gathered.entries > mostInMemory) return undefined;
  await snapshots.write(alone ? null : parent, context.signal);
  await using tree =
    gathered.root === undefined
      ? undefined
      : await openTree(services, gathered.root, inputs, context.signal);
  const draft = await snapshots.prepare(parent);
  try {
    const request = {
      source: tree?.root ?? nothing,
      lowers: alone ? [] : snapshots.stackOf(parent),
      owner: ownerOf(op),
      madeTime: services.epoch ?? 0,
      ...(withFiles ? { upper: draft.dir } : {}),
      ...defined({ clampTime: direct.clampTime }),
    };
    const layer = await direct.pack(draft.dir, gathered.bytes, (output) =>
      sandbox.copyAsLayer(request, gathered.ops, context.signal, output),
    );
    const snapshot = withFiles
      ? await snapshots.commit(draft)
      : await snapshots.commitLayer(draft, layer, { shared: alone });
    return { snapshot };
  } catch (error) {
    await snapshots.discard(draft);
    if (isTsbuildError(error, "SANDBOX_NO_FEATURE")) return undefined;
    throw error;
  }
}
