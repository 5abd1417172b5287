// SPDX-License-Identifier: Apache-2.0
// From what was selected to what the helper does: names in the destination, modes, merging. The one place where
// COPY's rules about files, directories and trailing slashes live.

import { posix } from "node:path";
import { applyMode, type CopyOp as FullCopy } from "../../plan/index.js";
import type { CopyOp, TreeEntry } from "../../sandbox/index.js";
import { ancestorsOf, pivotDepth, type Match } from "./select.js";

/** The part of a COPY that decides about names and modes. */
export type PlannedCopy = Pick<FullCopy, "destination" | "directory" | "parents" | "chmod">;

/** One thing to write, with the source entry that its content and metadata come from. */
export interface PlannedEntry {
  readonly op: CopyOp;
  readonly source?: TreeEntry;
}

const directoryMode = 0o755;

/** The mode that a chmod gives an entry; undefined: as the source has it. */
function modeFor(chmod: string | undefined, entry: TreeEntry): number | undefined {
  if (chmod === undefined || entry.type === "symlink") return undefined;
  return applyMode(chmod, entry.mode, entry.type === "dir");
}

/**
 * The mode of directories that have to be made on the way. A symbolic mode changes what is there, so it is not for them; nor are
 * the set-uid, set-gid and sticky bits.
 */
export function parentMode(op: PlannedCopy): number {
  return op.chmod === undefined || !/^[0-7]+$/.test(op.chmod)
    ? directoryMode
    : applyMode(op.chmod, directoryMode, true) & 0o777;
}

/** What copying all that a pattern matched does. */
export function* planCopy(
  op: PlannedCopy,
  matches: readonly Match[],
  pattern: string,
): Generator<PlannedEntry, void, undefined> {
  // With --parents the destination is a directory even when no wildcard matched.
  if (op.parents && matches.length === 0) yield target(op, op.destination, "dir", "");
  for (const match of matches) yield* matchOperations(op, match, pattern);
}

/** The orders of a plan. */
export function* ordersOf(plan: Iterable<PlannedEntry>): Generator<CopyOp, void, undefined> {
  for (const { op } of plan) yield op;
}

/** What copying one match does. */
function* matchOperations(
  op: PlannedCopy,
  match: Match,
  pattern: string,
): Generator<PlannedEntry, void, undefined> {
  if (op.parents) {
    yield* withParents(op, match, pattern);
  } else if (match.entry.type === "dir") {
    yield target(op, op.destination, "dir", "");
    for (const child of match.children) yield below(op, match, child, child.path);
  } else {
    const name = posix.basename(match.path);
    yield target(op, op.destination, op.directory ? "dir" : "auto", op.directory ? "" : name);
    yield itself(op, match, op.directory ? name : "");
  }
}

/** --parents: the source's path below the pivot (`/./`, or the root) is kept below the destination. */
function* withParents(
  op: PlannedCopy,
  match: Match,
  pattern: string,
): Generator<PlannedEntry, void, undefined> {
  const parts = match.path.split("/");
  const depth = pivotDepth(pattern, parts);
  const pivot = parts.slice(0, depth).join("/");
  const kept = parts.slice(depth).join("/");
  yield target(op, op.destination, "dir", "");
  for (const [i, path] of ancestorsOf(kept).entries()) {
    const source = match.ancestors[depth + i];
    const from = pivot === "" ? path : `${pivot}/${path}`;
    if (source !== undefined) yield planned(op, source, from, path, true);
  }
  if (match.entry.type !== "dir" || kept !== "") yield itself(op, match, kept);
  for (const child of match.children)
    yield below(op, match, child, kept === "" ? child.path : `${kept}/${child.path}`);
}

function target(
  op: PlannedCopy,
  path: string,
  as: "dir" | "file" | "auto",
  name: string,
): PlannedEntry {
  return { op: { op: "target", path, as, name, parentMode: parentMode(op) } };
}

/** The matched entry itself; a link that a name means was followed. */
function itself(op: PlannedCopy, { path, entry }: Match, to: string): PlannedEntry {
  return planned(op, entry, path, to, entry.type !== "symlink");
}

function below(op: PlannedCopy, match: Match, child: TreeEntry, to: string): PlannedEntry {
  const from = match.path === "" ? child.path : `${match.path}/${child.path}`;
  return planned(op, child, from, to, false);
}

function planned(
  op: PlannedCopy,
  source: TreeEntry,
  from: string,
  to: string,
  follow: boolean,
): PlannedEntry {
  const mode = modeFor(op.chmod, source);
  const order = { op: "entry", from, to, follow, merge: "set" } as const;
  return { op: mode === undefined ? order : { ...order, mode }, source };
}

/** A here-document or a download as a file of the destination. */
export function dataOperations(
  op: PlannedCopy,
  file: {
    readonly name: string;
    readonly bytes: Uint8Array;
    readonly mode: number;
    readonly mtime: number;
  },
): CopyOp[] {
  const mode = op.chmod === undefined ? file.mode : applyMode(op.chmod, file.mode, false);
  const as = op.directory ? "dir" : "auto";
  const at: CopyOp = {
    op: "target",
    path: op.destination,
    as,
    name: op.directory ? "" : file.name,
    parentMode: parentMode(op),
  };
  return [
    at,
    { op: "data", to: op.directory ? file.name : "", mode, mtime: file.mtime, bytes: file.bytes },
  ];
}
