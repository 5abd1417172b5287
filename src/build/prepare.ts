// SPDX-License-Identifier: Apache-2.0
// What a build and a check have in common: the context is opened, its Dockerfile parsed, and stages can be planned.

import { basename } from "node:path";
import { defined, publicUrl, type CleanupStack, type EventSink } from "../base/index.js";
import {
  openContext,
  parseBuildContexts,
  type BuildContext,
  type LoadedContext,
  type RemoteAccess,
} from "../context/index.js";
import { tryParseDockerfile, type ParseOutcome } from "../dockerfile/index.js";
import { formatFullPlatform, hostPlatform, parsePlatform, type Platform } from "../oci/index.js";
import type { TreeEntry } from "../sandbox/index.js";
import { ContextTrees, ImageResolver } from "../steps/index.js";
import { textOf } from "./arguments.js";
import { withEpoch } from "./epoch.js";
import { withResolvedEpoch } from "./epoch-source.js";
import { planEnvironment } from "./plan-environment.js";
import { checkedPlan, type CheckedPlan, type PlanWish } from "./plans.js";
import type { BuildRequest } from "./request.js";
import { remoteAccess } from "./remotes.js";
import { openRooms, type Rooms } from "./rooms.js";
import { loadSourcePolicy } from "./source-policy.js";

export interface BuildSource {
  /** A name without what only this machine knows. */
  readonly dockerfile: string;
  /** A context that others can have, too; no credentials. */
  readonly remote?: {
    /** With the ref and directory of a repository. */
    readonly uri: string;
    /** The repository at its ref, whatever directory of it is used. */
    readonly commit?: { readonly uri: string; readonly digest: Readonly<Record<string, string>> };
  };
}

/** A build before its first step. */
export interface PreparedBuild {
  readonly request: BuildRequest;
  readonly rooms: Rooms;
  readonly trees: ContextTrees;
  readonly parsed: ParseOutcome;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly remotes: RemoteAccess;
  /** Where the Dockerfile and the context came from. */
  readonly source: BuildSource;
  /** Plans a stage. Errors in the outcome: PLAN_*, those of base images, all with their place. */
  plan(wish?: PlanWish): Promise<CheckedPlan>;
}

/** Opens everything; `cleanup` closes it. Errors: CONTEXT_*, STORE_*. A wrong Dockerfile is told by `parsed.error`. */
export async function prepareBuild(
  request: BuildRequest,
  events: EventSink,
  signal: AbortSignal,
  cleanup: CleanupStack,
): Promise<PreparedBuild> {
  const env = request.env ?? process.env;
  const cwd = request.cwd ?? process.cwd();
  const named = parseBuildContexts(request.buildContexts ?? [], cwd);
  const platforms = platformsOf(request.platforms ?? []);
  const rooms = cleanup.use(await openRooms(request, events, signal));
  settleBeside(rooms, cleanup);
  const scratch = cleanup.use(await rooms.store.tempDir());
  const policy = await loadSourcePolicy(request, cwd);
  const remotes = remoteAccess(request, policy, cleanup, signal);
  const environment = {
    cwd,
    scratch: scratch.path,
    env,
    remotes,
    signal,
    ...defined({ stdin: request.stdin }),
  };
  const trees = cleanup.use(new ContextTrees(rooms, signal));
  const given = withEpoch(request.buildArgs ?? new Map<string, string>(), env);
  const context = cleanup.use(await openContext(contextRequest(request, given), environment));
  const { dockerfile: file, ignore, time: contextTime } = await loadContext(context, trees);
  const parsed = tryParseDockerfile(file.bytes, {
    file: file.name,
    ...defined({
      syntax: textOf(given, "BUILDKIT_SYNTAX"),
      check: textOf(given, "BUILDKIT_DOCKERFILE_CHECK"),
    }),
  });
  const { dockerfile } = parsed;
  const [platform] = platforms;
  const epoch = { dockerfile, platform, buildArgs: given, contextTime, named, environment };
  const buildArgs = parsed.error === undefined ? await withResolvedEpoch(epoch) : given;
  const images = cleanup.use(
    new ImageResolver(rooms, {
      pull: request.pull ?? "missing",
      ...defined({ policy }),
      signal,
    }),
  );
  const sources = {
    ...{ request, dockerfile, ignore, buildArgs, platforms, images, events },
    environmentOf: planEnvironment(trees, named, policy, environment, cleanup),
  };
  const source = { dockerfile: basename(file.name), ...remoteOf(context) };
  return {
    ...{ request, rooms, trees, parsed, buildArgs, remotes, source },
    plan: (wish = {}) => checkedPlan(sources, wish),
  };
}

/** A commit's id under the name of the algorithm that made it. */
export function commitDigest(id: string): Readonly<Record<string, string>> {
  return id.length === 64 ? { sha256: id } : { sha1: id };
}

function remoteOf({ name, commit, tree }: BuildContext): Pick<BuildSource, "remote"> {
  if (commit !== undefined) {
    const { id, ref = "", subdir } = commit;
    const at = `${publicUrl(name)}${ref === "" ? "" : `#${ref}`}`;
    const below = subdir === undefined ? "" : `${ref === "" ? "#" : ""}:${subdir}`;
    return { remote: { uri: at + below, commit: { uri: at, digest: commitDigest(id) } } };
  }
  const isUrl = tree.kind !== "directory" && /^https?:\/\//i.test(name);
  return isUrl ? { remote: { uri: publicUrl(name) } } : {};
}

/** Each once, in the order given. Throws OCI_PLATFORM. */
function platformsOf(texts: readonly string[]): readonly [Platform, ...Platform[]] {
  const given = texts.map(parsePlatform);
  const once = new Map(given.map((platform) => [formatFullPlatform(platform), platform]));
  const [first = hostPlatform(), ...others] = once.values();
  return [first, ...others];
}

/** Linux writes by itself what has been dirty for this long (vm.dirty_expire_centisecs): little is left to wait for. */
const SETTLE_AFTER_MS = 30_000;

/**
 * States of earlier builds are brought safely to the disk beside this one. Nobody waits for it, least of all for what other
 * programs have written: a build that ends first leaves it to the next.
 */
function settleBeside({ snapshots }: Rooms, cleanup: CleanupStack): void {
  const ending = new AbortController();
  // What was not settled is only rebuilt after a crash of the machine.
  snapshots.settle(Date.now() - SETTLE_AFTER_MS, ending.signal).catch(() => undefined);
  cleanup.defer(() => {
    ending.abort();
  });
}

function contextRequest(
  request: BuildRequest,
  buildArgs: ReadonlyMap<string, string>,
): Parameters<typeof openContext>[0] {
  return {
    context: request.context,
    ...defined({
      file: request.file,
      moreFiles: request.moreFiles,
      cppFlags: request.cppFlags,
      ignoreFile: request.ignoreFile,
    }),
    keepGitDir: buildArgs.get("BUILDKIT_CONTEXT_KEEP_GIT_DIR") === "1",
    mtime: buildArgs.has("SOURCE_DATE_EPOCH") ? "commit" : "checkout",
  };
}

/** The context's tree under the name "", and its Dockerfile. */
async function loadContext(
  context: BuildContext,
  trees: ContextTrees,
): Promise<LoadedContext & { readonly time: () => Promise<number | undefined> }> {
  const { tree } = context;
  const label = `the build context ${context.name}`;
  if (tree.kind !== "archive") {
    const loaded = await context.load();
    trees.add("", () => Promise.resolve({ tree, rules: loaded.ignore, label }));
    return { ...loaded, time: () => Promise.resolve(context.time) };
  }
  // An archive is unpacked first: its Dockerfile and ignore file are in it.
  const root = await trees.place(tree);
  const reader = await trees.reader(root);
  const loaded = await context.load(reader);
  trees.addRoot("", { root, rules: loaded.ignore, label });
  return { ...loaded, time: async () => context.time ?? newestFile(await reader.list("")) };
}

/** The time of the newest regular file, in seconds. */
function newestFile(entries: readonly TreeEntry[] = []): number | undefined {
  const times = entries.filter(({ type }) => type === "file").map(({ mtimeNs }) => mtimeNs);
  return times.reduce<number | undefined>(
    (newest, time) => Math.max(newest ?? 0, Number(BigInt(time) / 1_000_000_000n)),
    undefined,
  );
}
