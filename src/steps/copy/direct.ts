// SPDX-License-Identifier: Apache-2.0
// A COPY that writes its layer itself: with few files together with them, so that no other process has to compare them; and
// where nothing reads the files straight from the sources, so that no file is made on a disk.

import { isTsbuildError } from "../../base/index.js";
import type { CopyOp, SourceRef } from "../../plan/index.js";
import type { CopyOp as SandboxCopyOp, Root } from "../../sandbox/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { Result } from "../../solve/index.js";
import { openTree } from "../trees.js";
import { ownerOf } from "./owner.js";
import type { Selection } from "./select.js";
import { inlineOrders, selectionOf, sourceOrders, type Work } from "./sources.js";

const nothing: Root = { kind: "stack", lowers: [] };

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
  const gathered = await gather(work);
  if (gathered === undefined) return undefined;
  const withFiles = wanted === "with-files";
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
      ...(direct.clampTime === undefined ? {} : { clampTime: direct.clampTime }),
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

interface Gathered {
  readonly root?: SourceRef;
  readonly ops: Iterable<SandboxCopyOp>;
  /** Of the files that are copied. */
  readonly bytes: number;
  readonly entries: number;
}

/** What a COPY orders, when all of it is entries of one tree and bytes at hand. */
async function gather(work: Work): Promise<Gathered | undefined> {
  const { services, vertex, inputs, context } = work;
  const op = vertex.op as CopyOp;
  const paths = op.sources.filter((source) => source.kind === "path");
  if (op.sources.some(({ kind }) => kind === "download")) return undefined;
  const planned: Iterable<SandboxCopyOp>[] = [];
  let bytes = 0;
  let entries = 0;
  for (const source of op.sources) {
    if (source.kind === "inline") planned.push(inlineOrders(work, source));
    if (source.kind !== "path") continue;
    await using tree = await openTree(services, source.root, inputs, context.signal);
    const selection = await selectionOf(work, source, tree);
    // It may be an archive.
    if (op.unpack !== "none" && selection.matches.some(({ entry }) => entry.type === "file"))
      return undefined;
    planned.push(sourceOrders(work, source, selection));
    bytes += sizeOf(selection);
    for (const { children } of selection.matches) entries += 1 + children.length;
  }
  const [first] = paths;
  return {
    ...(first === undefined ? {} : { root: first.root }),
    ops: oneAfterAnother(planned),
    bytes,
    entries,
  };
}

/** A file with several names may be written once only: it does not count. */
function sizeOf({ matches }: Selection): number {
  let bytes = 0;
  for (const { entry, children } of matches) {
    if (entry.nlink === 1) bytes += entry.size;
    for (const child of children) if (child.nlink === 1) bytes += child.size;
  }
  return bytes;
}

function* oneAfterAnother<T>(parts: readonly Iterable<T>[]): Generator<T, void, undefined> {
  for (const part of parts) yield* part;
}
