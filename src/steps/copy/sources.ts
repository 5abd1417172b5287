// SPDX-License-Identifier: Apache-2.0
// The sources of one COPY or ADD: what they select, its digest, and the orders that copy it.

import type { CopyOp, CopySource } from "../../plan/index.js";
import type { CopyOp as SandboxCopyOp } from "../../sandbox/index.js";
import type { Result, StepContext, Vertex } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import type { OpenedTree } from "../trees.js";
import { digestEntries } from "./digest.js";
import { dataOperations, matchOperations, type PlannedEntry } from "./operations.js";
import { select, type Selection } from "./select.js";

/** A source's selection and its digest, looked at once per build: for the key, and again for the work. */
export interface SeenSource {
  readonly selection: Selection;
  readonly digest: () => Promise<string>;
}
export type Seen = WeakMap<CopySource, SeenSource>;

/** One vertex in hand. */
export interface Work {
  readonly services: StepServices;
  readonly seen: Seen;
  readonly vertex: Vertex;
  readonly inputs: readonly Result[];
  readonly context: StepContext;
}

/** What a source selects in its tree, and the content digest of it. */
export async function look(
  { services, seen, vertex }: Work,
  source: Extract<CopySource, { kind: "path" }>,
  tree: OpenedTree,
): Promise<SeenSource> {
  const known = seen.get(source);
  if (known !== undefined) return known;
  const op = vertex.op as CopyOp;
  const selection = await select(tree, source.pattern, op);
  let digest: Promise<string> | undefined;
  const found: SeenSource = {
    selection,
    digest: () => {
      const entries = selection.matches.flatMap((match) =>
        matchOperations(op, match, source.pattern),
      );
      return (digest ??= digestEntries(entries, tree.hasher, op.keepOwners, services.outlines));
    },
  };
  seen.set(source, found);
  return found;
}

/** The orders for what a source selects, with warnings about what it does not. */
export function sourceOperations(
  { vertex, context }: Work,
  { pattern }: Extract<CopySource, { kind: "path" }>,
  { matches, wildcard }: Selection,
): Iterable<SandboxCopyOp> {
  const op = vertex.op as CopyOp;
  if (matches.length === 0 && wildcard)
    context.warn(`${op.command}: no file matches ${JSON.stringify(pattern)}, nothing is copied`);
  const entries = matches.flatMap((match) => matchOperations(op, match, pattern));
  warnAboutSockets(entries, context);
  return copyable(entries);
}

export function inlineOperations(
  { services, vertex }: Work,
  { name, text }: Extract<CopySource, { kind: "inline" }>,
): Iterable<SandboxCopyOp> {
  const file = { name, bytes: Buffer.from(text), mode: 0o644, mtime: services.epoch ?? 0 };
  return dataOperations(vertex.op as CopyOp, file);
}

function* copyable(entries: readonly PlannedEntry[]): Iterable<PlannedEntry["op"]> {
  for (const { op, source } of entries) if (source?.type !== "socket") yield op;
}

function warnAboutSockets(entries: readonly PlannedEntry[], context: StepContext): void {
  for (const { op, source } of entries)
    if (op.op === "entry" && source?.type === "socket")
      context.warn(`${JSON.stringify(op.from)} is a socket and is not copied`);
}
