// SPDX-License-Identifier: Apache-2.0
// The sources of a COPY put together, where they can be carried out in one go.

import type { CopyOp, SourceRef } from "../../plan/index.js";
import type { CopyOp as SandboxCopyOp, Root } from "../../sandbox/index.js";
import type { Selection } from "./select.js";
import { inlineOrders, selected, sourceOrders, type Work } from "./sources.js";

export const nothing: Root = { kind: "stack", lowers: [] };

/** All that a COPY or ADD does, as one copy out of one tree. */
export interface Gathered {
  readonly root?: SourceRef;
  readonly ops: Iterable<SandboxCopyOp>;
  /** Of the files that are copied. */
  readonly bytes: number;
  readonly entries: number;
}

/** What a COPY orders, when all of it is entries of one tree and bytes at hand. */
export async function gather(work: Work): Promise<Gathered | undefined> {
  const op = work.vertex.op as CopyOp;
  const [first, ...others] = op.sources.filter((source) => source.kind === "path");
  if (op.sources.some(({ kind }) => kind === "download")) return undefined;
  if (others.some(({ root }) => !isSameTree(root, first?.root))) return undefined;
  const planned: Iterable<SandboxCopyOp>[] = [];
  let bytes = 0;
  let entries = 0;
  for (const source of op.sources) {
    if (source.kind === "inline") planned.push(inlineOrders(work, source));
    if (source.kind !== "path") continue;
    const selection = await selected(work, source);
    // It may be an archive.
    if (op.unpack !== "none" && selection.matches.some(({ entry }) => entry.type === "file"))
      return undefined;
    planned.push(sourceOrders(work, source, selection));
    bytes += sizeOf(selection);
    for (const { children } of selection.matches) entries += 1 + children.length;
  }
  return {
    ...(first === undefined ? {} : { root: first.root }),
    ops: oneAfterAnother(planned),
    bytes,
    entries,
  };
}

/** ADD takes repositories, each a tree of its own, and paths of the context together. */
function isSameTree(one: SourceRef, other: SourceRef | undefined): boolean {
  if (one.from === "context") return other?.from === "context" && one.name === other.name;
  return other?.from === "input" && one.index === other.index;
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
