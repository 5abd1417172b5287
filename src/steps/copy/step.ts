// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: how they are keyed and run. The key names what would be written, never where it came from.

import { all, defined, isRecord } from "../../base/index.js";
import type { CopyOp, CopySource } from "../../plan/index.js";
import type { KeyParts, Result, Step, StepContext } from "../../solve/index.js";
import type { Root } from "../../sandbox/index.js";
import { draftOn } from "../draft.js";
import { snapshotOf, snapshotUsable } from "../result.js";
import type { StepServices } from "../services.js";
import { compareFiles } from "../explain-files.js";
import { changedMeanwhile, openTree } from "../trees.js";
import { ownerOf } from "./owner.js";
import { isArchive, unpackArchive } from "./archives.js";
import { copyDownload } from "./download.js";
import { copyDirectly } from "./direct.js";
import { gather, nothing, type Gathered } from "./gather.js";
import type { Match } from "./select.js";
import {
  digestOf,
  haveChanged,
  inlineOrders,
  knownDigest,
  selectionOf,
  sourceOrders,
  type Seen,
  type Work,
} from "./sources.js";

export function copyStep(services: StepServices): Step {
  const seen: Seen = new WeakMap();
  return {
    resource: "disk",
    define: async (vertex, context) => ({
      ...settingsParts(vertex.op as CopyOp, services.epoch),
      files: await digestSources({ services, seen, vertex, inputs: [], context }, "context"),
    }),
    content: async (vertex, inputs, context) => ({
      ...settingsParts(vertex.op as CopyOp, services.epoch),
      root: snapshotOf(inputs[0]),
      files: await digestSources({ services, seen, vertex, inputs, context }, "all"),
    }),
    run: async (vertex, inputs, context) => {
      const work = { services, seen, vertex, inputs, context };
      const result = await runCopy(work);
      // The helper looks at the files again while what they were is put down here.
      const [changed] = await all([haveChanged(work), keepOutlines(work)]);
      if (changed) {
        context.unkeyed();
        context.warn(changedMeanwhile);
      }
      return result;
    },
    inputParts: ["root"],
    explain: (_vertex, change) => Promise.resolve(compareFiles(services.outlines, change)),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

/** What the operation says itself. Patterns count only for inputs, whose files the definition cannot see. */
function settingsParts(op: CopyOp, epoch: number | undefined): KeyParts {
  const { command, destination, directory, chown, chmod, link, unpack, keepOwners } = op;
  return {
    command,
    destination,
    directory,
    link,
    unpack,
    keepOwners,
    ...defined({ chown, chmod, epoch }),
  };
}

/**
 * One part per source. `context`: for the definition, only files of contexts are read, and of an input only what is
 * asked of it counts. `all`: every file is read.
 */
async function digestSources(work: Work, which: "context" | "all"): Promise<string[]> {
  const { services, vertex, inputs, context } = work;
  const op = vertex.op as CopyOp;
  const parts: string[] = [];
  for (const source of op.sources) {
    if (source.kind === "inline")
      parts.push(`inline ${JSON.stringify([source.name, source.text])}`);
    else if (source.root.from === "input" && which === "context")
      parts.push(`input ${JSON.stringify([source, op.exclude, op.parents])}`);
    else if (source.kind === "download")
      parts.push(
        downloadPart(inputs[source.root.from === "input" ? source.root.index : 0] ?? null),
      );
    else {
      await using tree = await openTree(services, source.root, inputs, context.signal);
      parts.push(`files ${await digestOf(work, source, tree)}`);
    }
  }
  return parts;
}

/** The name and the bytes of a download. When the server has written it last is in no key. */
function downloadPart(result: Result): string {
  const known = isRecord(result) && typeof result["digest"] === "string";
  return `download ${JSON.stringify(known ? [result["name"], result["digest"]] : result)}`;
}

/** For a later explanation: which files the digests of this step stand for. */
async function keepOutlines(work: Work): Promise<void> {
  for (const source of (work.vertex.op as CopyOp).sources) {
    const digest = await knownDigest(work, source);
    if (digest !== undefined) await work.services.outlines.keep(digest);
  }
}

async function runCopy(work: Work): Promise<Result> {
  const { services, vertex, inputs, context } = work;
  const { signal } = context;
  const op = vertex.op as CopyOp;
  const parent = snapshotOf(inputs[0]);
  warnAboutDestination(op, context);
  const alone = op.link && !needsDestination(op);
  const directly = await copyDirectly(work, parent, alone);
  if (directly !== undefined) return directly;
  const copyInto = async (destination: Root): Promise<void> => {
    const gathered = await gather(work);
    if (gathered === undefined)
      for (const source of op.sources) await copySource(work, source, destination);
    else await copyGathered(work, gathered, destination);
  };
  if (!alone) return draftOn(services, parent, copyInto, signal);
  // --link: copied onto nothing, then laid over whatever the parent is.
  const made = snapshotOf(await draftOn(services, null, copyInto, signal));
  if (made === null) throw new TypeError("a copy always makes a snapshot");
  const { dir } = services.snapshots.get(made);
  return { snapshot: await services.snapshots.commitShared(parent, dir) };
}

/**
 * Whether a copy cannot be made on nothing, whatever --link says. The name of an owner is looked up in the destination. And
 * --chmod is for directories on the way as well: all would be made anew on nothing, and /etc get the mode of a file in it.
 */
function needsDestination({ chown, chmod }: CopyOp): boolean {
  return chmod !== undefined || (chown !== undefined && !/^\d+(?::\d+)?$/.test(chown));
}

/** As one copy: names of one file stay so, whichever source they come from. */
async function copyGathered(work: Work, gathered: Gathered, destination: Root): Promise<void> {
  const { services, vertex, inputs, context } = work;
  await using tree =
    gathered.root === undefined
      ? undefined
      : await openTree(services, gathered.root, inputs, context.signal);
  const owner = ownerOf(vertex.op as CopyOp);
  await services.sandbox.copy(
    { source: tree?.root ?? nothing, destination, owner, madeTime: services.epoch ?? 0 },
    gathered.ops,
    context.signal,
  );
}

async function copySource(work: Work, source: CopySource, destination: Root): Promise<void> {
  const { services, vertex, inputs, context } = work;
  const op = vertex.op as CopyOp;
  const { sandbox } = services;
  const request = { destination, owner: ownerOf(op), madeTime: services.epoch ?? 0 };
  if (source.kind === "inline") {
    const ops = inlineOrders(work, source);
    await sandbox.copy({ ...request, source: nothing }, ops, context.signal);
    return;
  }
  await using tree = await openTree(services, source.root, inputs, context.signal);
  if (source.kind === "download") {
    await copyDownload(services, op, { source, tree, inputs }, destination, context);
    return;
  }
  const { matches, wildcard } = await selectionOf(work, source, tree);
  // Without any match there is still a layer, an empty one: the helper makes its directory.
  let plain: Match[] | undefined = matches.length === 0 ? [] : undefined;
  const copyPlain = async (): Promise<void> => {
    if (plain === undefined) return;
    const ops = sourceOrders(work, source, { matches: plain, wildcard });
    plain = undefined;
    await sandbox.copy({ ...request, source: tree.root }, ops, context.signal);
  };
  for (const match of matches) {
    if (op.unpack !== "none" && (await isArchive(tree.reader, match, context))) {
      // A file that comes before it may be in the archive, too.
      await copyPlain();
      await unpackArchive(services, op, tree.reader, match, destination, context.signal);
    } else (plain ??= []).push(match);
  }
  await copyPlain();
}

/** Several files into what is not written as a directory: the last one wins, which is rarely meant. */
function warnAboutDestination(op: CopyOp, context: StepContext): void {
  if (op.sources.length > 1 && !op.directory && !op.parents)
    context.warn(
      `${op.command} has several sources, but its destination ${op.destination} does not end with a slash: unless it is a directory already, the last source replaces the others`,
    );
}
