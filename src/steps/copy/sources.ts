// SPDX-License-Identifier: Apache-2.0
// The sources of one COPY or ADD: what they select, its digest, and the orders that copy it.

import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { CopyOp, CopySource } from "../../plan/index.js";
import type { CopyOp as SandboxCopyOp } from "../../sandbox/index.js";
import type { Result, StepContext, Vertex } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import { openTree, type OpenedTree } from "../trees.js";
import { digestEntries } from "./digest.js";
import { dataOperations, planCopy, type PlannedEntry } from "./operations.js";
import {
  recallSelection,
  RecordingReader,
  selectionTable,
  stillAnswers,
  type Answered,
  type RememberedSelection,
} from "./remembered.js";
import { select, type Selection, type SourceTree } from "./select.js";

/** What is known of a source so far. It is looked at once per build: for the key, and again for the work. */
interface SeenSource {
  selection?: Promise<Selection>;
  digest?: Promise<string>;
  /** What a directory of the host, which may change any time, answered when the digest was made. */
  answers?: readonly Answered[];
  /** Warnings about it: each is given once, although a copy may be begun in one way and done in another. */
  said?: Set<string>;
}
export type Seen = WeakMap<CopySource, SeenSource>;

type PathSource = Extract<CopySource, { kind: "path" }>;

/** One vertex in hand. */
export interface Work {
  readonly services: StepServices;
  readonly seen: Seen;
  readonly vertex: Vertex;
  readonly inputs: readonly Result[];
  readonly context: StepContext;
}

function seenOf({ seen }: Work, source: CopySource): SeenSource {
  let known = seen.get(source);
  if (known === undefined) {
    known = {};
    seen.set(source, known);
  }
  return known;
}

/** What a source selects in its tree. */
export function selectionOf(work: Work, source: PathSource, tree: SourceTree): Promise<Selection> {
  return (seenOf(work, source).selection ??= selectNext(work, source, tree));
}

async function selectNext(work: Work, source: PathSource, tree: SourceTree): Promise<Selection> {
  // Thousands of patterns may be matched without ever waiting: in between, whoever ends the build is heard.
  await setImmediate();
  work.context.signal.throwIfAborted();
  return await select(tree, source.pattern, work.vertex.op as CopyOp);
}

/** The same, for those who need no tree: it is opened only where nobody has asked before. */
export async function selected(work: Work, source: PathSource): Promise<Selection> {
  const known = seenOf(work, source).selection;
  if (known !== undefined) return known;
  const { services, inputs, context } = work;
  await using tree = await openTree(services, source.root, inputs, context.signal);
  return await selectionOf(work, source, tree);
}

/** The content digest of what a source selects. */
export function digestOf(work: Work, source: PathSource, tree: OpenedTree): Promise<string> {
  return (seenOf(work, source).digest ??= findDigest(work, source, tree));
}

/** The digest that was asked for in this build. */
export function knownDigest({ seen }: Work, source: CopySource): Promise<string> | undefined {
  return seen.get(source)?.digest;
}

async function findDigest(work: Work, source: PathSource, tree: OpenedTree): Promise<string> {
  const { services, vertex } = work;
  const op = vertex.op as CopyOp;
  const compute = async (shown: SourceTree): Promise<string> => {
    const { matches } = await selectionOf(work, source, shown);
    const plan = (): Iterable<PlannedEntry> => planCopy(op, matches, source.pattern);
    const options = { keepOwners: op.keepOwners, unpacks: op.unpack !== "none" };
    return digestEntries(plan, tree.hasher, options, services.outlines);
  };
  // Only a directory of the host is the same tree in the next build.
  if (tree.root.kind !== "directory") return compute(tree);
  const table = services.store.table<RememberedSelection>(selectionTable);
  const key = selectionKey(tree.root.path, op, source.pattern, tree.rules?.text ?? "");
  const recalled = await recallSelection(table, key, tree.reader);
  if (recalled !== undefined) {
    seenOf(work, source).answers = recalled.answers;
    return recalled.digest;
  }
  const recorder = new RecordingReader(tree.reader);
  const digest = await compute({ ...tree, reader: recorder });
  seenOf(work, source).answers = recorder.answers;
  const answers = recorder.settled();
  if (answers !== undefined && answers.length > 0) await table.put(key, { answers, digest });
  return digest;
}

/** Whether files of the host are not as they were when their digests were made. */
export async function haveChanged(work: Work): Promise<boolean> {
  const { services, seen, vertex, inputs, context } = work;
  for (const source of (vertex.op as CopyOp).sources) {
    const answers = seen.get(source)?.answers;
    if (answers === undefined || source.kind === "inline") continue;
    await using tree = await openTree(services, source.root, inputs, context.signal);
    if (!(await stillAnswers(answers, tree.reader))) return true;
  }
  return false;
}

/** All that decides what a digest is made of, but for the files. */
function selectionKey(root: string, op: CopyOp, pattern: string, rules: string): string {
  const { destination, directory, parents, chmod, exclude, keepOwners, unpack } = op;
  return createHash("sha256")
    .update(
      JSON.stringify([
        ...[root, pattern, rules, destination, directory, parents],
        ...[chmod ?? "", exclude, keepOwners, unpack],
      ]),
    )
    .digest("hex");
}

/** The orders for what a source selects, with warnings about what it does not. */
export function* sourceOrders(
  work: Work,
  source: PathSource,
  { matches, wildcard }: Selection,
): Generator<SandboxCopyOp, void, undefined> {
  const op = work.vertex.op as CopyOp;
  const { pattern } = source;
  if (matches.length === 0 && wildcard)
    warnOnce(
      work,
      source,
      `${op.command}: no file matches ${JSON.stringify(pattern)}, nothing is copied`,
    );
  for (const { op: order, source: entry } of planCopy(op, matches, pattern)) {
    if (entry?.type !== "socket") yield order;
    else if (order.op === "entry")
      warnOnce(work, source, `${JSON.stringify(order.from)} is a socket and is not copied`);
  }
}

function warnOnce(work: Work, source: PathSource, message: string): void {
  const said = (seenOf(work, source).said ??= new Set());
  if (said.has(message)) return;
  said.add(message);
  work.context.warn(message);
}

/** The orders for a here-document. */
export function inlineOrders(
  { services, vertex }: Work,
  { name, text }: Extract<CopySource, { kind: "inline" }>,
): Iterable<SandboxCopyOp> {
  const file = { name, bytes: Buffer.from(text), mode: 0o644, mtime: services.epoch ?? 0 };
  return dataOperations(vertex.op as CopyOp, file);
}
