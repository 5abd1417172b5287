// SPDX-License-Identifier: Apache-2.0
// The composition root: the only file (with those in build/) that knows every room. A build from request to result.

import { randomUUID } from "node:crypto";
import {
  all,
  CleanupStack,
  defined,
  parseBoolean,
  TsbuildError,
  type EventSink,
} from "./base/index.js";
import { cacheNamespace, isSet } from "./build/arguments.js";
import type { Invocation } from "./build/attest/predicate.js";
import { attestationWishes, type AttestationWishes } from "./build/attest/wish.js";
import { AssembledLayers } from "./build/assembled-layers.js";
import { exportCaches } from "./build/cache/export.js";
import { ImportedCaches } from "./build/cache/import.js";
import { CacheMountLayers } from "./build/cache/mounts.js";
import { cacheServices, wantedCaches } from "./build/cache/wanted.js";
import { epochOf } from "./build/epoch.js";
import { Mending } from "./build/mend.js";
import { writeOutputs } from "./build/outputs.js";
import { planOf, wishOf } from "./build/plans.js";
import { prepareBuild, type PreparedBuild } from "./build/prepare.js";
import type { BuildRequest, BuildResult } from "./build/request.js";
import { keepStages } from "./build/stage-images.js";
import { buildSteps } from "./build/steps.js";
import { collectGarbage, noteEmptyStore } from "./build/storage/gc.js";
import { localCache } from "./cache/index.js";
import { checkDockerfile, failOnFindings, type Finding } from "./dockerfile/index.js";
import {
  checkOutputs,
  createExporter,
  parseAnnotation,
  parseOutput,
  type Exporter,
} from "./export/index.js";
import { parseReference, withDefaultTag, type Reference } from "./oci/index.js";
import type { MergedPlan } from "./plan/index.js";
import { Solver, type Limits } from "./solve/index.js";
import { snapshotOf } from "./steps/index.js";

export type {
  AgentSource,
  BuildRecord,
  BuildRequest,
  BuildResult,
  BuiltImage,
  KeptStage,
  SecretSource,
} from "./build/request.js";
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
  const wishes = wishesFor(exporters, attestationWishes(request.attestations ?? []), events);
  const invocation = { invocationId: randomUUID().replaceAll("-", ""), startedAt: Date.now() };
  // Without a tag that nobody wrote: an output that pushes by digest has none.
  const names = (request.tags ?? []).map(parseReference);
  checkOutputs(exporters, names);
  const manifestList = manifestListOf(request, exporters);
  await using cleanup = new CleanupStack();
  const prepared = await prepareBuild(request, events, signal, cleanup);
  await noteEmptyStore(prepared.rooms, request.env ?? process.env);
  const { dockerfile, error } = prepared.parsed;
  if (error !== undefined) {
    warnOf(checkDockerfile(dockerfile), events);
    throw error;
  }
  let findings: readonly Finding[] = [];
  try {
    const planned = await prepared.plan({
      ...wishOf(request),
      ...defined({ scan: wishes.scan }),
    });
    findings = planned.findings;
    if (planned.error === undefined) failOnFindings(dockerfile.check, findings);
    const plan = planOf(planned);
    const result = await solveAndExport({
      ...{ prepared, plan, exporters, names, wishes, invocation, events, signal },
      unusable: mending.unusable,
      ...defined({ manifestList }),
    });
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

/** Attestations are about what is written. */
function wishesFor(
  exporters: readonly Exporter[],
  wishes: AttestationWishes,
  events: EventSink,
): AttestationWishes {
  if (exporters.some(({ needs }) => needs !== "nothing")) return wishes;
  for (const flag of [wishes.provenance && "--provenance", wishes.scan && "--sbom"])
    if (flag !== undefined)
      events({
        kind: "warning",
        message: `${flag} is for what is written, and nothing is: there will be none`,
      });
  return {};
}

/** Findings of build checks, told after the steps. */
function warnOf(findings: readonly Finding[], events: EventSink): void {
  for (const { rule, message, summary, url, location } of findings)
    events({ kind: "warning", rule, message, detail: summary, url, location });
}

interface Solving {
  readonly prepared: PreparedBuild;
  readonly plan: MergedPlan;
  readonly exporters: readonly Exporter[];
  readonly names: Reference[];
  readonly manifestList?: Reference;
  readonly wishes: AttestationWishes;
  readonly invocation: Invocation;
  /** Digests of layers that are not to be taken from caches. */
  readonly unusable: ReadonlySet<string>;
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

async function solveAndExport(solving: Solving): Promise<BuildResult> {
  const { prepared, plan, exporters, events, signal } = solving;
  const { request, rooms, buildArgs } = prepared;
  const caches = wantedCaches(request, buildArgs, events);
  const services = cacheServices(rooms, events);
  const multiPlatform = isSet(buildArgs, "BUILDKIT_MULTI_PLATFORM") || plan.images.length > 1;
  const stageExporter = request.keepStages === undefined ? undefined : imageExporter(exporters);
  const layers = new AssembledLayers(
    rooms,
    plan,
    stageExporter === undefined ? exporters : [...exporters, stageExporter],
    { epoch: epochOf(buildArgs), squash: request.squash },
    signal,
  );
  const wanted = { sources: caches.sources, unusable: solving.unusable };
  const imported = new ImportedCaches(rooms, services, wanted, events, signal);
  const solver: Solver = new Solver({
    graph: plan.graph,
    steps: buildSteps(prepared, layers.direct, (key) => imported.content(key), {
      keyOf: (id) => solver.keyOf(id),
      partsOf: (id) => solver.partsOf(id),
    }),
    cache: localCache(rooms.store, Date.now),
    imported,
    limits: request.jobs === undefined ? limits : { ...limits, exec: request.jobs },
    clock: Date.now,
    events,
    signal,
    onResult: (vertex, result) => {
      layers.begin(vertex.id, result);
    },
  });
  const keeping =
    stageExporter === undefined
      ? undefined
      : { prepared, layers, exporter: stageExporter, solver, events, signal };
  const images = await all(
    plan.images.map(async ({ platform, image, scan, stages }) => {
      const [result, kept] = await all([
        solver.solve(image.head),
        keeping === undefined
          ? Promise.resolve({ stages: [], target: image })
          : keepStages(keeping, stages),
      ]);
      const scanned = scan === undefined ? null : snapshotOf(await solver.solve(scan));
      return {
        ...{ platform, image: kept.target, root: snapshotOf(result), stages: kept.stages },
        ...defined({ scan }),
        ...(scanned === null ? {} : { scanned }),
      };
    }),
  );
  const solved = { rooms, plan, images, solver, events, signal };
  const result = await writeOutputs({
    ...solving,
    ...{ layers, solved, multiPlatform, inline: caches.inline },
    ...(keeping === undefined ? {} : { stages: images.flatMap(({ stages }) => stages) }),
  });
  const mounts = new CacheMountLayers(solved, imported, cacheNamespace(buildArgs));
  await exportCaches(solved, mounts, caches.targets, services);
  return result;
}

/** The first output that is an image: others of the build have their layers as it has them. */
function imageExporter(exporters: readonly Exporter[]): Exporter {
  const context = { cwd: process.cwd() };
  return (
    exporters.find(({ needs }) => needs === "image") ??
    createExporter(parseOutput("type=image"), context)
  );
}

function manifestListOf(
  { manifestList }: BuildRequest,
  exporters: readonly Exporter[],
): Reference | undefined {
  if (manifestList === undefined) return undefined;
  if (exporters.some(({ needs }) => needs === "image"))
    return withDefaultTag(parseReference(manifestList));
  throw new TsbuildError("BUILD_UNSUPPORTED", "--manifest is for images, and none is written", {
    hint: "Add -o type=image.",
  });
}

function createExporters(request: BuildRequest, cwd: string): Exporter[] {
  const specs = request.outputs ?? [];
  const env = request.env ?? process.env;
  const context = {
    cwd,
    annotations: (request.annotations ?? []).flatMap(parseAnnotation),
    allow: request.allow ?? [],
    stdoutIsTerminal: process.stdout.isTTY,
    attestationImages: parseBoolean(env["BUILDX_NO_DEFAULT_OCI_ARTIFACT"] ?? "") === true,
  };
  return (specs.length === 0 ? ["type=image"] : specs).map((spec) =>
    createExporter(parseOutput(spec), context),
  );
}
