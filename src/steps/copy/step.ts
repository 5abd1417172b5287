// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: how they are keyed and run. The key names what would be written, never where it came from.

import type { CopyOp, CopySource } from "../../plan/index.js";
import type { KeyParts, Result, Step, StepContext, Vertex } from "../../solve/index.js";
import type { Owner, Root } from "../../sandbox/index.js";
import { draftOn } from "../draft.js";
import { snapshotOf, snapshotUsable } from "../result.js";
import type { StepServices } from "../services.js";
import { openTree, type OpenedTree } from "../trees.js";
import { copyArchives } from "./archives.js";
import { digestEntries } from "./digest.js";
import { copyDownload } from "./download.js";
import { dataOperations, matchOperations, type PlannedEntry } from "./operations.js";
import { select, type Match } from "./select.js";

export function copyStep(services: StepServices): Step {
  return {
    resource: "disk",
    define: async (vertex, context) => ({
      ...settingsParts(vertex.op as CopyOp, services.epoch),
      files: await digestSources(services, vertex, "context", [], context),
    }),
    content: async (vertex, inputs, context) => ({
      ...settingsParts(vertex.op as CopyOp, services.epoch),
      root: snapshotOf(inputs[0]),
      files: await digestSources(services, vertex, "all", inputs, context),
    }),
    run: (vertex, inputs, context) => runCopy(services, vertex, inputs, context),
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
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

/**
 * One part per source. `context`: for the definition, only files of contexts are read, and of an input only what is
 * asked of it counts. `all`: every file is read.
 */
async function digestSources(
  services: StepServices,
  vertex: Vertex,
  which: "context" | "all",
  inputs: readonly Result[],
  context: StepContext,
): Promise<string[]> {
  const op = vertex.op as CopyOp;
  const parts: string[] = [];
  for (const source of op.sources) {
    if (source.kind === "inline")
      parts.push(`inline ${JSON.stringify([source.name, source.text])}`);
    else if (source.root.from === "input" && which === "context")
      parts.push(`input ${JSON.stringify([source, op.exclude, op.parents])}`);
    else if (source.kind === "download")
      parts.push(
        `download ${JSON.stringify(inputs[source.root.from === "input" ? source.root.index : 0])}`,
      );
    else {
      await using tree = await openTree(services, source.root, inputs, context.signal);
      const selection = await select(tree, source.pattern, op);
      const entries = selection.matches.flatMap((match) =>
        matchOperations(op, match, source.pattern),
      );
      parts.push(`files ${await digestEntries(entries, tree.hasher, op.keepOwners)}`);
    }
  }
  return parts;
}

async function runCopy(
  services: StepServices,
  vertex: Vertex,
  inputs: readonly Result[],
  context: StepContext,
): Promise<Result> {
  const op = vertex.op as CopyOp;
  const parent = snapshotOf(inputs[0]);
  warnAboutDestination(op, context);
  // A name is looked up in the destination, so the copy cannot be made on nothing.
  const namedOwner = op.chown !== undefined && !/^\d+(?::\d+)?$/.test(op.chown);
  if (!op.link || namedOwner)
    return draftOn(services, parent, (root) => copyInto(services, op, root, inputs, context));
  // --link: copied onto nothing, then laid over whatever the parent is.
  const alone = await draftOn(services, null, (root) =>
    copyInto(services, op, root, inputs, context),
  );
  const { dir } = services.snapshots.get(snapshotOf(alone) ?? never());
  return { snapshot: await services.snapshots.commitShared(parent, dir) };
}

function never(): never {
  throw new TypeError("a copy always makes a snapshot");
}

async function copyInto(
  services: StepServices,
  op: CopyOp,
  destination: Root,
  inputs: readonly Result[],
  context: StepContext,
): Promise<void> {
  for (const source of op.sources)
    await copySource(services, op, source, destination, inputs, context);
}

async function copySource(
  services: StepServices,
  op: CopyOp,
  source: CopySource,
  destination: Root,
  inputs: readonly Result[],
  context: StepContext,
): Promise<void> {
  const { sandbox } = services;
  const request = { destination, owner: ownerOf(op), madeTime: services.epoch ?? 0 };
  if (source.kind === "inline") {
    const file = {
      name: source.name,
      bytes: Buffer.from(source.text),
      mode: 0o644,
      mtime: services.epoch ?? 0,
    };
    await sandbox.copy(
      { ...request, source: { kind: "stack", lowers: [] } },
      dataOperations(op, file),
      context.signal,
    );
    return;
  }
  await using tree = await openTree(services, source.root, inputs, context.signal);
  if (source.kind === "download") {
    await copyDownload(services, op, { source, tree, inputs }, destination, context);
    return;
  }
  const { matches, wildcard } = await select(tree, source.pattern, op);
  if (matches.length === 0 && wildcard)
    context.warn(
      `${op.command}: no file matches ${JSON.stringify(source.pattern)}, nothing is copied`,
    );
  const rest =
    op.unpack === "none"
      ? matches
      : await unpackArchives(services, op, tree, matches, destination, context);
  const entries = rest.flatMap((match) => matchOperations(op, match, source.pattern));
  warnAboutSockets(entries, context);
  if (entries.length > 0)
    await sandbox.copy({ ...request, source: tree.root }, copyable(entries), context.signal);
}

/** Unpacks those matches that are archives; gives back the others. */
async function unpackArchives(
  services: StepServices,
  op: CopyOp,
  tree: OpenedTree,
  matches: readonly Match[],
  destination: Root,
  context: StepContext,
): Promise<readonly Match[]> {
  const files = matches.filter(({ entry }) => entry.type === "file");
  if (files.length === 0) return matches;
  const unpacked = await copyArchives(
    services,
    op,
    tree.reader,
    files,
    destination,
    ownerOf(op),
    context,
  );
  return matches.filter((match) => !unpacked.has(match));
}

/** Files of a context belong to root, those of a stage keep their owners, and --chown is over both. */
export function ownerOf(op: CopyOp): Owner {
  if (op.chown !== undefined) return { kind: "spec", spec: op.chown };
  return op.keepOwners ? { kind: "keep" } : { kind: "ids", uid: 0, gid: 0 };
}

function* copyable(entries: readonly PlannedEntry[]): Iterable<PlannedEntry["op"]> {
  for (const { op, source } of entries) if (source?.type !== "socket") yield op;
}

function warnAboutSockets(entries: readonly PlannedEntry[], context: StepContext): void {
  for (const { op, source } of entries)
    if (op.op === "entry" && source?.type === "socket")
      context.warn(`${JSON.stringify(op.from)} is a socket and is not copied`);
}

/** Several files into what is not written as a directory: the last one wins, which is rarely meant. */
function warnAboutDestination(op: CopyOp, context: StepContext): void {
  if (op.sources.length > 1 && !op.directory && !op.parents)
    context.warn(
      `${op.command} has several sources, but its destination ${op.destination} does not end with a slash: unless it is a directory already, the last source replaces the others`,
    );
}
