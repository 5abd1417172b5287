// SPDX-License-Identifier: Apache-2.0
// The composition root: the only file (with those in build/) that knows every room. A build from request to result.

import { CleanupStack, TsbuildError, type EventSink } from "./base/index.js";
import { AssembledLayers } from "./build/assembled-layers.js";
import { assembleImage } from "./build/assemble.js";
import { buildCredentials } from "./build/credentials.js";
import { hostGateway, proxyEnvironment, resolvConf } from "./build/network.js";
import { planEnvironment } from "./build/plan-environment.js";
import type { BuildRequest, BuildResult } from "./build/request.js";
import { openRooms, type Rooms } from "./build/rooms.js";
import { localCache } from "./cache/index.js";
import {
  openContext,
  parseBuildContexts,
  type BuildContext,
  type LoadedContext,
} from "./context/index.js";
import { parseDockerfile, type Dockerfile } from "./dockerfile/index.js";
import { createExporter, parseAnnotation, parseOutput, type Exporter } from "./export/index.js";
import {
  hostPlatform,
  normalizePlatform,
  parsePlatform,
  parseReference,
  withDefaultTag,
  type Platform,
} from "./oci/index.js";
import { planBuild, type Plan } from "./plan/index.js";
import { Solver, type Limits } from "./solve/index.js";
import {
  ContextTrees,
  createSteps,
  ImageResolver,
  snapshotOf,
  type RunSettings,
} from "./steps/index.js";

export type { AgentSource, BuildRequest, BuildResult, SecretSource } from "./build/request.js";
export { defaultStoreRoot } from "./build/store-root.js";

/** Commands mostly wait, and the machine's scheduler shares the cores better than a queue of ours would. */
const limits: Limits = { exec: 16, disk: 4, network: 8 };

/**
 * Builds an image.
 * Errors: a TsbuildError of any room (docs/errors.md), or the signal's reason. The store stays as it was, but for cached steps.
 */
export async function build(request: BuildRequest): Promise<BuildResult> {
  const env = request.env ?? process.env;
  const cwd = request.cwd ?? process.cwd();
  const signal = request.signal ?? new AbortController().signal;
  const events: EventSink = request.events ?? (() => undefined);
  const exporters = createExporters(request, cwd);
  const names = (request.tags ?? []).map((tag) => withDefaultTag(parseReference(tag)));
  const named = parseBuildContexts(request.buildContexts ?? [], cwd);

  await using cleanup = new CleanupStack();
  const rooms = cleanup.use(await openRooms(request, events, signal));
  const scratch = cleanup.use(await rooms.store.tempDir());
  const environment = {
    cwd,
    scratch: scratch.path,
    env,
    signal,
    ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
  };
  const trees = cleanup.use(new ContextTrees(rooms, signal));
  const buildArgs = withEpoch(request.buildArgs ?? new Map<string, string>(), env);
  const context = cleanup.use(await openContext(contextRequest(request, buildArgs), environment));
  const loaded = await loadContext(context, trees);
  const dockerfile = parseDockerfile(loaded.dockerfile.bytes, { file: loaded.dockerfile.name });
  checkSyntax(dockerfile, buildArgs);

  const platform = normalizePlatform(
    request.platform === undefined ? hostPlatform() : parsePlatform(request.platform),
  );
  const images = new ImageResolver(rooms, { pull: request.pull ?? false, signal });
  const plan = await planBuild({
    dockerfile,
    environment: planEnvironment(images, trees, named, environment, cleanup),
    ...(request.target === undefined ? {} : { target: request.target }),
    targetPlatform: platform,
    buildPlatform: hostPlatform(),
    buildArgs,
    labels: request.labels ?? {},
    noCache: request.noCache ?? false,
    network: request.network ?? "default",
    ...hostnameOf(buildArgs),
    allow: request.allow ?? [],
    warn: events,
  });
  return await solveAndExport({
    request,
    rooms,
    trees,
    plan,
    exporters,
    names,
    buildArgs,
    events,
    signal,
    platform,
    env,
  });
}

interface Solving {
  readonly request: BuildRequest;
  readonly rooms: Rooms;
  readonly trees: ContextTrees;
  readonly plan: Plan;
  readonly exporters: readonly Exporter[];
  readonly names: ReturnType<typeof parseReference>[];
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly events: EventSink;
  readonly signal: AbortSignal;
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

async function solveAndExport(solving: Solving): Promise<BuildResult> {
  const {
    request,
    rooms,
    trees,
    plan,
    exporters,
    names,
    buildArgs,
    events,
    signal,
    platform,
    env,
  } = solving;
  const epoch = epochOf(buildArgs);
  const layers = new AssembledLayers(rooms, plan, exporters, epoch, signal);
  const solver = new Solver({
    graph: plan.graph,
    steps: createSteps({
      ...rooms,
      contexts: trees,
      credentials: buildCredentials(request.secrets ?? [], request.agents ?? []),
      run: runSettings(request, buildArgs, env),
      ...(epoch === undefined ? {} : { epoch }),
    }),
    cache: localCache(rooms.store, Date.now),
    limits,
    clock: Date.now,
    events,
    signal,
    onResult: (vertex, result) => {
      layers.begin(vertex.id, result);
    },
  });
  const root = snapshotOf(await solver.solve(plan.image.head));
  const image = layers.wanted
    ? await assembleImage(rooms.store, {
        image: plan.image,
        ...(await layers.finish(root)),
        ...(epoch === undefined ? {} : { epoch }),
        now: Date.now(),
      })
    : undefined;
  const input = {
    ...(image === undefined ? {} : { image: { manifest: image.manifest } }),
    names,
    store: rooms.store,
    trees: [{ platform, tree: layers.treeOf(root) }],
    registry: rooms.registry,
  };
  const outputs = [];
  for (const exporter of exporters)
    outputs.push(
      await exportTo(exporter, input, { signal, stdout: request.stdout ?? process.stdout, events }),
    );
  return {
    ...(image === undefined ? {} : { manifest: image.manifest, config: image.config }),
    names: [...new Set(outputs.flatMap((output) => output.names))],
    outputs,
  };
}

async function exportTo(
  exporter: Exporter,
  input: Parameters<Exporter["export"]>[0],
  options: {
    readonly signal: AbortSignal;
    readonly stdout: NodeJS.WritableStream;
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
      stdout: options.stdout as NodeJS.WriteStream,
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

function contextRequest(
  request: BuildRequest,
  buildArgs: ReadonlyMap<string, string>,
): Parameters<typeof openContext>[0] {
  return {
    context: request.context,
    ...(request.file === undefined ? {} : { file: request.file }),
    ...(request.ignoreFile === undefined ? {} : { ignoreFile: request.ignoreFile }),
    keepGitDir: buildArgs.get("BUILDKIT_CONTEXT_KEEP_GIT_DIR") === "1",
    mtime: buildArgs.has("SOURCE_DATE_EPOCH") ? "commit" : "checkout",
  };
}

/** The context's tree under the name "", and its Dockerfile. */
async function loadContext(context: BuildContext, trees: ContextTrees): Promise<LoadedContext> {
  const { tree, name } = context;
  if (tree.kind !== "archive") {
    const loaded = await context.load();
    trees.add("", () =>
      Promise.resolve({ tree, rules: loaded.ignore, label: `the build context ${name}` }),
    );
    return loaded;
  }
  // An archive is unpacked first: its Dockerfile and ignore file are in it.
  const unpacked = await trees.place(tree);
  const loaded = await context.load(await trees.reader(unpacked));
  trees.addRoot("", { root: unpacked, rules: loaded.ignore, label: `the build context ${name}` });
  return loaded;
}

const builtInSyntax = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@].*)?$/;

/** The language of `docker/dockerfile` is built in; other frontends cannot run here. */
function checkSyntax(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>): void {
  const { file, text } = dockerfile.source;
  const syntax = buildArgs.get("BUILDKIT_SYNTAX") ?? dockerfile.syntax?.text;
  if (syntax === undefined || builtInSyntax.test(syntax)) return;
  throw new TsbuildError("BUILD_SYNTAX", `unsupported frontend ${JSON.stringify(syntax)}`, {
    ...(dockerfile.syntax === undefined
      ? {}
      : { location: { file, text, range: dockerfile.syntax.range } }),
    hint: "tsbuild has the language of docker/dockerfile built in; remove the syntax line, or use docker/dockerfile:1.",
  });
}

/** SOURCE_DATE_EPOCH of the environment counts as a build argument. */
function withEpoch(
  buildArgs: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const epoch = env["SOURCE_DATE_EPOCH"];
  if (epoch === undefined || epoch === "" || buildArgs.has("SOURCE_DATE_EPOCH")) return buildArgs;
  return new Map([...buildArgs, ["SOURCE_DATE_EPOCH", epoch]]);
}

function epochOf(buildArgs: ReadonlyMap<string, string>): number | undefined {
  const text = buildArgs.get("SOURCE_DATE_EPOCH");
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text))
    throw new TsbuildError(
      "BUILD_EPOCH",
      `SOURCE_DATE_EPOCH ${JSON.stringify(text)} is not a whole number of seconds`,
    );
  return Number(text);
}

function hostnameOf(buildArgs: ReadonlyMap<string, string>): { hostname?: string } {
  const hostname = buildArgs.get("BUILDKIT_SANDBOX_HOSTNAME");
  return hostname === undefined || hostname === "" ? {} : { hostname };
}

function runSettings(
  request: BuildRequest,
  buildArgs: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): RunSettings {
  const gateway = hostGateway() ?? "127.0.0.1";
  return {
    extraHosts: (request.addHosts ?? []).map(([name, address]) => [
      name,
      address === "host-gateway" ? gateway : address,
    ]),
    resolvConf: resolvConf(
      request.dns ?? { servers: [], search: [], options: [] },
      request.network === "host",
    ),
    proxyEnv: proxyEnvironment(buildArgs, env),
    limits: request.limits ?? {},
    ...(request.shmSize === undefined ? {} : { shmSize: request.shmSize }),
    noNewPrivileges: request.noNewPrivileges ?? false,
    capAdd: request.capAdd ?? [],
    capDrop: request.capDrop ?? [],
    keepMountpoints: request.compatMountpoints ?? false,
    cacheNamespace: buildArgs.get("BUILDKIT_CACHE_MOUNT_NS") ?? "",
  };
}
