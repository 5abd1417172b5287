// SPDX-License-Identifier: Apache-2.0
// The composition root: the only file (with those in build/) that knows every room. A build from request to result.

import type { Writable } from "node:stream";
import { CleanupStack, type EventSink } from "./base/index.js";
import { AssembledLayers } from "./build/assembled-layers.js";
import { assembleImage } from "./build/assemble.js";
import { epochOf } from "./build/epoch.js";
import { Mending } from "./build/mend.js";
import { prepareBuild, type PreparedBuild } from "./build/prepare.js";
import type { BuildRequest, BuildResult } from "./build/request.js";
import { buildSteps } from "./build/steps.js";
import { collectGarbage } from "./build/storage/gc.js";
import { localCache } from "./cache/index.js";
import { checkDockerfile, failOnFindings, type Finding } from "./dockerfile/index.js";
import {
  createExporter,
  parseAnnotation,
  parseOutput,
  type Exporter,
  type ExportResult,
} from "./export/index.js";
import { parseReference, withDefaultTag } from "./oci/index.js";
import type { Plan } from "./plan/index.js";
import { Solver, type Limits } from "./solve/index.js";
import { snapshotOf } from "./steps/index.js";

export type { AgentSource, BuildRequest, BuildResult, SecretSource } from "./build/request.js";
export { describe, type Description } from "./build/describe.js";
export { defaultStoreRoot } from "./build/store-root.js";

/** Commands mostly wait, and the machine's scheduler shares the cores better than a queue of ours would. */
const limits: Limits = { exec: 16, disk: 4, network: 8 };

/**
 * Builds an image.
 * Errors: a TsbuildError of any room (docs/errors.md), or the signal's reason. The store stays as it was, but for cached steps.
 */
export async function build(request: BuildRequest): Promise<BuildResult> {
  const events: EventSink = request.events ?? (() => undefined);
  const mending = new Mending(request, events);
  for (;;) {
    const result = await attempt(request, events, mending);
    if (result !== undefined) return result;
  }
}

/** One build; nothing when it found the store damaged, and that has been mended. */
async function attempt(
  request: BuildRequest,
  events: EventSink,
  mending: Mending,
): Promise<BuildResult | undefined> {
  const signal = request.signal ?? new AbortController().signal;
  const exporters = createExporters(request, request.cwd ?? process.cwd());
  const names = (request.tags ?? []).map((tag) => withDefaultTag(parseReference(tag)));
  await using cleanup = new CleanupStack();
  const prepared = await prepareBuild(request, events, signal, cleanup);
  const { dockerfile, error } = prepared.parsed;
  if (error !== undefined) {
    warnOf(checkDockerfile(dockerfile), events);
    throw error;
  }
  let findings: readonly Finding[] = [];
  try {
    const planned = await prepared.plan(request.target);
    failOnFindings(dockerfile.check, planned.findings);
    const { plan } = planned;
    findings = planned.findings;
    const result = await solveAndExport({ prepared, plan, exporters, names, events, signal });
    await collectGarbage(prepared.rooms, request.env ?? process.env, events, signal);
    return result;
  } catch (failure) {
    if (!(await mending.mend(failure, prepared.rooms.snapshots))) throw failure;
    findings = [];
    return undefined;
  } finally {
    warnOf(findings, events);
  }
}

/** Findings of build checks, told after the steps. */
function warnOf(findings: readonly Finding[], events: EventSink): void {
  for (const { rule, message, summary, url, location } of findings)
    events({ kind: "warning", rule, message, detail: summary, url, location });
}

interface Solving {
  readonly prepared: PreparedBuild;
  readonly plan: Plan;
  readonly exporters: readonly Exporter[];
  readonly names: ReturnType<typeof parseReference>[];
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

async function solveAndExport(solving: Solving): Promise<BuildResult> {
  const { prepared, plan, exporters, names, events, signal } = solving;
  const { request, rooms, buildArgs, platform } = prepared;
  const epoch = epochOf(buildArgs);
  const layers = new AssembledLayers(rooms, plan, exporters, epoch, signal);
  const solver = new Solver({
    graph: plan.graph,
    steps: buildSteps(prepared, layers.direct),
    cache: localCache(rooms.store, Date.now),
    limits: request.jobs === undefined ? limits : { ...limits, exec: request.jobs },
    clock: Date.now,
    events,
    signal,
    onResult: (vertex, result) => {
      layers.begin(vertex.id, result);
    },
  });
  const root = snapshotOf(await solver.solve(plan.image.head));
  const imageFor = async (exporter: Exporter): Promise<BuiltImage> =>
    assembleImage(rooms.store, {
      image: plan.image,
      ...(await layers.finish(root, exporter)),
      ...optionalEpoch(exporter.layers.sourceDateEpoch ?? epoch),
      now,
      history: request.edits?.history ?? true,
    });
  const now = Date.now();
  const outputs: ExportResult[] = [];
  let first: BuiltImage | undefined;
  for (const exporter of exporters) {
    const image = exporter.needs === "image" ? await imageFor(exporter) : undefined;
    first ??= image;
    const input = {
      ...(image === undefined ? {} : { image: { manifest: image.manifest } }),
      names,
      store: rooms.store,
      trees: [{ platform, tree: layers.treeOf(root) }],
      registry: rooms.registry,
    };
    const stdout = request.stdout ?? process.stdout;
    outputs.push(await exportTo(exporter, input, { signal, stdout, events }));
  }
  return {
    ...(first === undefined ? {} : { manifest: first.manifest, config: first.config }),
    names: [...new Set(outputs.flatMap((output) => output.names))],
    outputs,
  };
}

type BuiltImage = Awaited<ReturnType<typeof assembleImage>>;

function optionalEpoch(epoch: number | undefined): { epoch?: number } {
  return epoch === undefined ? {} : { epoch };
}

async function exportTo(
  exporter: Exporter,
  input: Parameters<Exporter["export"]>[0],
  options: {
    readonly signal: AbortSignal;
    readonly stdout: Writable;
    readonly events: EventSink;
  },
): ReturnType<Exporter["export"]> {
  const { events, signal } = options;
  const id = `export:${exporter.type}`;
  const step = { id, name: `exporting to ${exporter.type}` };
  events({ kind: "step-started", step, time: Date.now() });
  try {
    const result = await exporter.export(input, {
      signal,
      stdout: options.stdout,
      onProgress: (label, current, total) => {
        events({
          kind: "step-progress",
          id,
          label,
          current,
          ...(total === undefined ? {} : { total }),
          time: Date.now(),
        });
      },
    });
    events({ kind: "step-finished", step, outcome: "done", time: Date.now() });
    return result;
  } catch (error) {
    const outcome = signal.aborted ? "cancelled" : "failed";
    const message = error instanceof Error ? error.message : String(error);
    events({ kind: "step-finished", step, outcome, message, time: Date.now() });
    throw error;
  }
}

function createExporters(request: BuildRequest, cwd: string): Exporter[] {
  const specs = request.outputs ?? [];
  const context = {
    cwd,
    annotations: (request.annotations ?? []).flatMap(parseAnnotation),
    allow: request.allow ?? [],
    stdoutIsTerminal: process.stdout.isTTY,
  };
  return (specs.length === 0 ? ["type=image"] : specs).map((spec) =>
    createExporter(parseOutput(spec), context),
  );
}
