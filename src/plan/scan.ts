// SPDX-License-Identifier: Apache-2.0
// The scan of a result for its SBOM: BuildKit's protocol for generator images (docs/attestations/sbom-protocol.md there).

import { TsbuildError, defined, type SourceLocation } from "../base/index.js";
import type { Stage } from "../dockerfile/index.js";
import { formatPlatform } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import { stageLabel, type GraphDraft } from "./graph-draft.js";
import type { ImageDraft } from "./image-draft.js";
import { defaultHostname } from "./run.js";
import { InputList } from "./stage-planner.js";
import type {
  BindMountOp,
  PlanOptions,
  ResolvedImage,
  RunOp,
  ScanWish,
  SourceRef,
  WorkdirOp,
} from "./types.js";
import { defaultPath, scanned } from "./variables.js";

/** Where a generator writes its statements. */
export const scanOutput = "/run/out";
/** The first part of the name of the statement about the result itself. */
export const coreScan = "sbom";

const coreSource = `/run/src/core/${coreScan}`;
const extraSources = "/run/src/extras";

export interface ScannedStage {
  readonly stage: Stage;
  readonly draft: ImageDraft;
}

/** What there is to scan. */
export interface ScanTargets {
  readonly target: ScannedStage;
  /** The stages that were planned besides. */
  readonly others: readonly ScannedStage[];
  /** ARGs before the first FROM. */
  readonly globals: ReadonlyMap<string, string>;
  /** Of the target. */
  readonly location: SourceLocation;
}

/**
 * A run of the generator over the target, and over the other stages and the context that ask for it. Errors: PLAN_NO_COMMAND, those
 * of finding images.
 */
export async function planScan(
  scan: ScanWish,
  options: PlanOptions,
  graph: GraphDraft,
  { target, others, globals, location }: ScanTargets,
): Promise<VertexId> {
  const { network, maxAge, hostname = defaultHostname } = options;
  const image = await generatorOf(scan, options);
  const isScanned = (what: "context" | "stage", { stage, draft }: ScannedStage): boolean =>
    scanned(what, stageLabel(stage), draft.variables, globals);
  const inputs = new InputList();
  const core = inputs.refer({ vertex: target.draft.head });
  const extras = new Map<string, SourceRef>();
  if (isScanned("context", target)) extras.set("context", inputs.refer({ context: "" }));
  for (const other of others)
    if (isScanned("stage", other))
      extras.set(stageLabel(other.stage), inputs.refer({ vertex: other.draft.head }));
  const from = graph.image(image, `[sbom] FROM ${image.reference}`, location);
  const output: WorkdirOp = { path: scanOutput, user: "" };
  const root = graph.put({
    ...{ id: "sbom:output", kind: "workdir", inputs: [from], op: output, noCache: false },
  });
  const id = "sbom";
  return graph.put({
    id,
    kind: "run",
    inputs: [root, ...inputs.vertices],
    op: scanOp(image, scan, { core, extras }, { network, hostname }),
    step: { id, name: `[sbom] scan by ${image.reference}`, location },
    noCache: graph.uncached(target.stage),
    ...defined({ maxAge }),
  });
}

async function generatorOf(
  { generator }: ScanWish,
  { environment, buildPlatform }: PlanOptions,
): Promise<ResolvedImage> {
  const given = await environment.namedContext(generator, buildPlatform);
  if (given?.kind === "image") return given.image;
  try {
    return await environment.resolveImage(generator, buildPlatform);
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    const { code, message, details, cause, hint } = error;
    throw new TsbuildError(code, `the SBOM generator ${generator}: ${message}`, {
      ...defined({ hint }),
      ...{ details, cause },
    });
  }
}

/** What a scan is given besides the generator's root filesystem. */
interface ScanSources {
  readonly core: SourceRef;
  /** By name. */
  readonly extras: ReadonlyMap<string, SourceRef>;
}

/** Runs the generator. `settings`: as for commands of the Dockerfile. Throws PLAN_NO_COMMAND. */
function scanOp(
  { reference, config }: ResolvedImage,
  { parameters }: ScanWish,
  { core, extras }: ScanSources,
  settings: Pick<RunOp, "hostname" | "network">,
): RunOp {
  const { Entrypoint, Cmd, Env, WorkingDir } = config.config ?? {};
  const argv = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  if (argv.length === 0)
    throw new TsbuildError(
      "PLAN_NO_COMMAND",
      `the SBOM generator ${reference} has neither an ENTRYPOINT nor a CMD`,
      { hint: "A generator follows BuildKit's protocol; docker/buildkit-syft-scanner is one." },
    );
  const bind = (target: string, source: SourceRef): BindMountOp => ({
    ...{ kind: "bind", target, source, path: "/", readOnly: true },
  });
  return {
    argv,
    env: [
      ...(Env ?? [`PATH=${defaultPath}`]),
      `BUILDKIT_SCAN_DESTINATION=${scanOutput}`,
      `BUILDKIT_SCAN_SOURCE=${coreSource}`,
      ...(extras.size === 0 ? [] : [`BUILDKIT_SCAN_SOURCE_EXTRAS=${extraSources}`]),
      ...[...parameters].map(([name, value]) => `BUILDKIT_SCAN_${name}=${value}`),
    ],
    cwd: WorkingDir === undefined || WorkingDir === "" ? "/" : WorkingDir,
    user: "",
    ...settings,
    security: "sandbox",
    mounts: [
      bind(coreSource, core),
      ...[...extras].map(([name, source]) => bind(`${extraSources}/${coreScan}-${name}`, source)),
      { kind: "tmpfs", target: "/tmp" },
    ],
    platform: formatPlatform(config),
  };
}
