// SPDX-License-Identifier: Apache-2.0
// `tsbuild explain`: what a build would take from the cache, and why it would run the rest. Nothing runs.

import { CleanupStack, defined, warningsTo, type EventSink, type Json } from "../base/index.js";
import { localCache } from "../cache/index.js";
import {
  explain,
  type ExplainedChange,
  type Explanation,
  type Reason,
  type Vertex,
  type VertexId,
} from "../solve/index.js";
import type { PlannedStage } from "../plan/index.js";
import { buildSteps } from "./steps.js";
import { planOf, wishOf } from "./plans.js";
import { prepareBuild } from "./prepare.js";
import type { BuildRequest } from "./request.js";

/** One step of the build. */
export interface StepExplanation {
  readonly name: string;
  /** `content`: something above it changed, but not what it reads. */
  readonly outcome: Explanation["outcome"];
  readonly reasons: readonly ExplainedReason[];
  /** The earlier step that a miss was compared with. Milliseconds since the epoch. */
  readonly compared?: { readonly name: string; readonly createdAt: number };
}

export interface ExplainedReason {
  readonly why: Reason["why"];
  readonly text: string;
  /** What exactly: files, variables. */
  readonly lines: readonly string[];
}

/** Explains the steps of a request, in the order in which a build shows them. Errors: those of a build up to its first step. */
export async function explainBuild(request: BuildRequest): Promise<readonly StepExplanation[]> {
  const signal = request.signal ?? new AbortController().signal;
  const events: EventSink = request.events ?? (() => undefined);
  await using cleanup = new CleanupStack();
  const prepared = await prepareBuild(request, events, signal, cleanup);
  if (prepared.parsed.error !== undefined) throw prepared.parsed.error;
  const plan = planOf(await prepared.plan(wishOf(request)));
  const explanations = await explain(
    {
      graph: plan.graph,
      steps: buildSteps(prepared),
      cache: localCache(prepared.rooms.store, Date.now),
      clock: Date.now,
      signal,
      warn: warningsTo(events),
    },
    plan.images.flatMap(({ image, stages }) => [...ownHeads(stages), image.head]),
  );
  return explanations.flatMap(({ vertex, outcome, reasons, compared }): StepExplanation[] =>
    vertex.step === undefined
      ? []
      : [
          {
            name: vertex.step.name,
            outcome,
            reasons: reasons.map(toText),
            ...defined({ compared }),
          },
        ],
  );
}

/** Stages that are to be images are needed even where the target would do without. */
function ownHeads(stages: readonly PlannedStage[]): VertexId[] {
  return stages.flatMap(({ own, image }) => (own ? [image.head] : []));
}

const longestName = 80;

function nameOf({ step, kind }: Vertex): string {
  const name = step?.name ?? kind;
  return name.length <= longestName ? name : `${name.slice(0, longestName)}…`;
}

function toText(reason: Reason): ExplainedReason {
  const { why } = reason;
  switch (why) {
    case "no-cache":
      return { why, text: "--no-cache asks for it to run", lines: [] };
    case "expired":
      return { why, text: "older than --cache-ttl", lines: [] };
    case "new":
      return { why, text: "no step like it is remembered", lines: [] };
    case "removed":
      return { why, text: "its result is no longer in the store (pruned)", lines: [] };
    case "input-runs":
      return {
        why,
        text: `needs the outcome of ${nameOf(reason.input)}, which has to run first`,
        lines: [],
      };
    case "input-changed":
      return {
        why,
        text: `stands on another ${nameOf(reason.input)} than before`,
        lines: reason.changes.flatMap((change) => {
          const { text, lines } = changeText(change);
          return [text, ...lines];
        }),
      };
    case "part-changed":
      return { why, ...changeText(reason.change) };
  }
}

/** What the parts of keys mean to the author of a Dockerfile. */
const partNames: Readonly<Record<string, string>> = {
  files: "files",
  binds: "files of a bind mount",
  env: "environment (ENV, ARG)",
  cwd: "working directory",
  epoch: "SOURCE_DATE_EPOCH",
  manifest: "image",
  digest: "content of the URL",
  commit: "commit",
  hosts: "names of --add-host",
  resolver: "--dns",
};

function changeText(change: ExplainedChange): { text: string; lines: readonly string[] } {
  const { part, before, now, lines } = change;
  const text = `${partNames[part] ?? part} changed`;
  if (lines.length > 0) return { text, lines };
  if (part === "files" || part === "binds")
    return { text, lines: ["which ones is not known: the earlier list was not kept"] };
  return { text, lines: valueLines(before, now) };
}

/** How two values of a part differ: lists of NAME=VALUE by name, other lists by what came and went, the rest as a whole. */
function valueLines(before: Json | undefined, now: Json | undefined): string[] {
  if (!isTexts(before) || !isTexts(now) || isSequence(before, now))
    return [`was ${show(before)}`, `is ${show(now)}`];
  const [old, fresh] = [byName(before), byName(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((name): string[] => {
    const [was, is] = [old.get(name), fresh.get(name)];
    if (was === is) return [];
    if (was === undefined) return [`added ${is ?? ""}`];
    if (is === undefined) return [`removed ${was}`];
    return [`changed ${was} to ${is}`];
  });
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Texts whose order matters: a command line. */
function isSequence(before: readonly string[], now: readonly string[]): boolean {
  return ![...before, ...now].every((text) => /^[A-Za-z_][A-Za-z0-9_.-]*=/.test(text));
}

function byName(texts: readonly string[]): Map<string, string> {
  return new Map(texts.map((text) => [text.slice(0, text.indexOf("=")), text]));
}

const longest = 200;

function show(value: Json | undefined): string {
  if (value === undefined) return "not there";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
