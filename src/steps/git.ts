// SPDX-License-Identifier: Apache-2.0
// ADD of a repository: the tree of one commit, owned by root.

import { defined, redactUrl, TsbuildError } from "../base/index.js";
import { checkoutGit, parseGitUrl, resolveGit, type GitSource } from "../context/index.js";
import type { GitOp } from "../plan/index.js";
import type { Root } from "../sandbox/index.js";
import type { Result, Step, StepContext, Vertex } from "../solve/index.js";
import { draftOn } from "./draft.js";
import { ordersOf, planCopy } from "./copy/operations.js";
import { select } from "./copy/select.js";
import { snapshotUsable } from "./result.js";
import type { StepServices } from "./services.js";

export function gitStep(services: StepServices): Step {
  // A ref has one meaning in a build, however often it is added.
  const commits = new Map<string, Promise<string>>();
  const commitOf = (vertex: Vertex, context: StepContext): Promise<string> => {
    const { url, checksum } = vertex.op as GitOp;
    const key = JSON.stringify([url, checksum]);
    const pending = commits.get(key) ?? askFor(services, sourceOf(vertex.op as GitOp), context);
    commits.set(key, pending);
    return pending;
  };
  return {
    resource: "network",
    define: async (vertex, context) => {
      const source = sourceOf(vertex.op as GitOp);
      const { subdir, submodules, keepGitDir, mtime } = source;
      return {
        // A commit is the same wherever it comes from.
        commit: await commitOf(vertex, context),
        subdir,
        submodules: submodules ?? true,
        keepGitDir: keepGitDir ?? false,
        mtime: mtime ?? "checkout",
      };
    },
    run: async (vertex, _inputs, context) =>
      checkOut(services, vertex, await commitOf(vertex, context), context),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

function sourceOf({ url, checksum, keepGitDir }: GitOp): GitSource {
  const parsed = parseGitUrl(url);
  if (parsed === undefined)
    throw new TsbuildError("STEPS_BAD_SOURCE", `not a git URL: ${redactUrl(url)}`);
  if (checksum !== undefined && parsed.checksum !== undefined && parsed.checksum !== checksum)
    throw new TsbuildError(
      "STEPS_CHECKSUM",
      `--checksum and the URL ${parsed.display} name different commits`,
    );
  return {
    ...parsed,
    ...defined({ checksum }),
    ...(keepGitDir ? { keepGitDir } : {}),
  };
}

async function askFor(
  services: StepServices,
  source: GitSource,
  { signal }: StepContext,
): Promise<string> {
  await using scratch = await services.store.tempDir();
  const { commit } = await resolveGit(source, {
    scratch: scratch.path,
    env: process.env,
    remotes: services.remotes,
    decided: true,
    signal,
  });
  return commit;
}

async function checkOut(
  services: StepServices,
  vertex: Vertex,
  commit: string,
  context: StepContext,
): Promise<Result> {
  const { signal } = context;
  const { sandbox, store } = services;
  await using scratch = await store.tempDir();
  await using checkout = await checkoutGit(sourceOf(vertex.op as GitOp), {
    scratch: scratch.path,
    env: process.env,
    remotes: services.remotes,
    decided: true,
    signal,
  });
  // The ref has moved since the key was made.
  if (checkout.commit !== commit) context.unkeyed();
  const source = { kind: "directory", path: checkout.path } as const;
  await using reader = await sandbox.openTree(source, signal);
  const pattern = "/";
  const shape = { destination: "/", directory: true, parents: false, exclude: [] };
  const { matches } = await select({ reader, label: "the repository" }, pattern, shape);
  const write = (destination: Root): Promise<void> =>
    sandbox.copy(
      {
        source,
        destination,
        owner: { kind: "ids", uid: 0, gid: 0 },
        madeTime: services.epoch ?? 0,
      },
      ordersOf(planCopy(shape, matches, pattern)),
      signal,
    );
  return await draftOn(services, null, write, signal);
}
