// SPDX-License-Identifier: Apache-2.0
// What a bind mount shows: digested for keys, and made ready as a root that the helper can mount.

import type { CleanupStack } from "../../base/index.js";
import {
  plainCopy,
  type CopyOp,
  type MountOp,
  type RunOp,
  type SourceRef,
} from "../../plan/index.js";
import type { LayerDirId, Root, TreeReader } from "../../sandbox/index.js";
import { scratchDirectory } from "../../snapshot/index.js";
import type { Result } from "../../solve/index.js";
import { digestEntries } from "../copy/digest.js";
import { ordersOf, planCopy, type PlannedEntry } from "../copy/operations.js";
import { RecordingReader, stillAnswers, type Answered } from "../copy/remembered.js";
import { select, type Match } from "../copy/select.js";
import { snapshotOf } from "../result.js";
import type { StepServices } from "../services.js";
import { openTree, type OpenedTree } from "../trees.js";

/** What a directory of the host answered when what a mount shows of it was digested. */
export interface AskedFiles {
  readonly reader: TreeReader;
  readonly answers: readonly Answered[];
}

/** What a mount shows, or a cache begins with: a path of a tree. */
export interface ShownFiles {
  readonly source: SourceRef;
  readonly path: string;
}

/** In the order of the mounts. What a cache has got since it began is in no key. */
export function shownFiles({ mounts }: RunOp): (ShownFiles & { readonly mount: MountOp })[] {
  return mounts.flatMap((mount) => {
    const source =
      mount.kind === "bind" ? mount.source : mount.kind === "cache" ? mount.seed : undefined;
    return source === undefined || !("path" in mount) ? [] : [{ mount, source, path: mount.path }];
  });
}

/**
 * One digest for each path, of the files there. Without `inputs`, as a definition has none, what is in one of them is known by its
 * place. `asked` gets what directories of the host, which may change, answered.
 */
export async function digestShown(
  services: StepServices,
  shown: readonly ShownFiles[],
  inputs: readonly Result[] | undefined,
  signal: AbortSignal,
  asked: AskedFiles[] = [],
): Promise<string[]> {
  const digests: string[] = [];
  for (const { source, path } of shown) {
    if (inputs === undefined && source.from === "input") {
      digests.push(`input ${JSON.stringify([source.index, path])}`);
      continue;
    }
    await using tree = await openTree(services, source, inputs ?? [], signal);
    if (tree.root.kind !== "directory") {
      digests.push(await digestPath(services, tree, source, path));
      continue;
    }
    const recorder = new RecordingReader(tree.reader);
    digests.push(await digestPath(services, { ...tree, shown: recorder }, source, path));
    asked.push({ reader: tree.reader, answers: recorder.answers });
  }
  return digests;
}

/** Whether all of them answer as they did. */
export async function areUnchanged(asked: readonly AskedFiles[]): Promise<boolean> {
  for (const { reader, answers } of asked) if (!(await stillAnswers(answers, reader))) return false;
  return true;
}

/** `shown`: who is asked for names instead of the tree's own reader. */
async function digestPath(
  services: StepServices,
  tree: OpenedTree & { readonly shown?: RecordingReader },
  source: SourceRef,
  path: string,
): Promise<string> {
  // One file is not what a directory with that file is.
  const op = { ...plainCopy(source, path), directory: false };
  const { shown: reader = tree.reader } = tree;
  const { matches } = await select({ ...tree, reader }, literalPattern(path), op);
  return digestEntries(
    () => shownEntries(op, matches, path),
    tree.hasher,
    { keepOwners: op.keepOwners, unpacks: false },
    services.outlines,
  );
}

/** What a copy would write, and the directory itself, which is mounted as it is: but a context as a whole is a new one. */
function* shownEntries(
  op: CopyOp,
  matches: readonly Match[],
  path: string,
): Generator<PlannedEntry, void, undefined> {
  yield* planCopy(op, matches, path);
  for (const { path: from, entry } of matches)
    if (entry.type === "dir" && (op.keepOwners || from !== ""))
      yield { op: { op: "entry", from, to: "", follow: true, merge: "set" }, source: entry };
}

/** A mount's source is a path, not a pattern: what would be a wildcard is escaped. */
function literalPattern(path: string): string {
  return /[*?[]/.test(path) ? path.replace(/[\\*?[\]]/g, "\\$&") : path;
}

/** A root that can be mounted, and the path in it. */
export interface BindSource {
  readonly root: Root;
  readonly path: string;
}

/**
 * Makes the source of a mount ready. A stage's snapshot is used as it is; files of a context are first copied into a
 * layer directory, because ignore rules hide some of them and all of them belong to root. Writes go to a throw-away
 * upper directory.
 */
export async function bindSource(
  services: StepServices,
  mount: ShownFiles & { readonly readOnly: boolean },
  inputs: readonly Result[],
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<BindSource> {
  const { snapshots, sandbox } = services;
  const upper = async (): Promise<{ upper?: LayerDirId }> =>
    mount.readOnly ? {} : { upper: await scratchDirectory(snapshots, cleanup) };

  if (mount.source.from === "input") {
    const id = snapshotOf(inputs[mount.source.index]);
    await snapshots.write(id, signal);
    return {
      root: { kind: "stack", lowers: snapshots.stackOf(id), ...(await upper()) },
      path: mount.path,
    };
  }
  await using tree = await openTree(services, mount.source, inputs, signal);
  const op = plainCopy(mount.source, mount.path);
  const { matches } = await select(tree, literalPattern(mount.path), op);
  const copied = await scratchDirectory(snapshots, cleanup);
  await sandbox.copy(
    {
      source: tree.root,
      destination: { kind: "stack", lowers: [], upper: copied },
      owner: { kind: "ids", uid: 0, gid: 0 },
      madeTime: services.epoch ?? 0,
    },
    ordersOf(shownEntries(op, matches, mount.path)),
    signal,
  );
  const [match] = matches;
  const path =
    match === undefined || match.entry.type === "dir"
      ? "/"
      : `/${match.path.split("/").at(-1) ?? ""}`;
  return { root: { kind: "stack", lowers: [copied], ...(await upper()) }, path };
}
