// SPDX-License-Identifier: Apache-2.0
// A git source at a revision, as a directory: finding the commit, fetching as little as the server allows, checking out,
// confining the subdirectory.

import { lstat, lutimes, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { TsbuildError, defined, errnoOf, isTsbuildError, redactUrl } from "../base/index.js";
import { GitSession, type GitOptions } from "./git.js";
import { exists, isInside } from "./local.js";
import type { GitCheckout, GitSource, SourceRules } from "./types.js";

/** A revision as the remote knows it. */
export interface ResolvedGit {
  /** Full commit id; for an annotated tag, the commit that it stands for. */
  readonly commit: string;
  /** The full name of the ref, when the revision is one. */
  readonly ref?: string;
  /** Id of the tag object, for an annotated tag. */
  readonly tag?: string;
}

const fullId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Asks the remote which commit a source means, without fetching it. An abbreviated commit id is no ref, and found nowhere.
 * Throws CONTEXT_GIT_REF, CONTEXT_GIT_CHECKSUM, CONTEXT_GIT_FAILED, CONTEXT_GIT_MISSING.
 */
export async function resolveGit(given: GitSource, options: GitOptions): Promise<ResolvedGit> {
  const source = allowed(given, options);
  await using session = await GitSession.open(source, options);
  return await resolveIn(session, source);
}

/** Fetches and checks out. Throws as {@link resolveGit}. The caller disposes the checkout. */
export async function checkoutGit(given: GitSource, options: GitOptions): Promise<GitCheckout> {
  const source = allowed(given, options);
  const session = await GitSession.open(source, options);
  try {
    const resolved = await resolveIn(session, source);
    const work = join(session.directory, "work");
    await mkdir(work, { mode: 0o755 });
    const format = resolved.commit.length === 64 ? "sha256" : "sha1";
    await session.run(["init", "-q", `--object-format=${format}`], work);
    const commit = await fetchCommit(session, source, resolved, work);
    await session.run(["checkout", "-q", "--detach", commit], work);
    if (source.submodules !== false) await fetchSubmodules(session, work, options.remotes?.rules);
    const time = Number(await session.run(["show", "-s", "--format=%ct", commit], work));
    if (source.keepGitDir === true)
      await session.run(["remote", "add", "--", "origin", session.remote], work);
    await rm(join(work, ".git", "FETCH_HEAD"), { force: true });
    const path = await subdirectory(work, source);
    await tidy(work, {
      keepGitDir: source.keepGitDir === true,
      ...(source.mtime === "commit" ? { time } : {}),
    });
    return {
      path,
      commit,
      time,
      [Symbol.asyncDispose]: async () => session[Symbol.asyncDispose](),
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** What may be fetched in the place of a source. */
function allowed(source: GitSource, { remotes, decided = false }: GitOptions): GitSource {
  return decided ? source : (remotes?.rules?.git(source) ?? source);
}

async function resolveIn(session: GitSession, source: GitSource): Promise<ResolvedGit> {
  const wanted = source.fetchByCommit === true ? source.checksum : source.ref;
  if (wanted !== undefined && fullId.test(wanted)) return checked({ commit: wanted }, source);
  const names = wanted === undefined ? ["HEAD"] : candidates(wanted);
  const listing = await session.run([
    "ls-remote",
    "--",
    session.remote,
    ...names.flatMap((name) => [name, `${name}^{}`]),
  ]);
  const found = new Map<string, string>();
  for (const line of listing.split("\n")) {
    const [id, name] = line.split("\t");
    if (id !== undefined && name !== undefined && fullId.test(id)) found.set(name, id);
  }
  for (const ref of names) {
    const id = found.get(ref);
    if (id === undefined) continue;
    const peeled = found.get(`${ref}^{}`);
    return checked(
      { commit: peeled ?? id, ref, ...(peeled === undefined ? {} : { tag: id }) },
      source,
    );
  }
  throw noRef(source, wanted ?? "HEAD");
}

/** The full names that a short one may mean; a branch wins over a tag of the same name, as in `git checkout`. */
function candidates(name: string): string[] {
  return name.startsWith("refs/") || name === "HEAD"
    ? [name]
    : [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`];
}

function checked(resolved: ResolvedGit, source: GitSource): ResolvedGit {
  const { checksum } = source;
  if (
    checksum === undefined ||
    resolved.commit.startsWith(checksum) ||
    resolved.tag?.startsWith(checksum) === true
  )
    return resolved;
  if (!/^[0-9a-f]+$/.test(checksum))
    throw new TsbuildError(
      "CONTEXT_GIT_CHECKSUM",
      `invalid checksum ${checksum} for Git URL, expected hex commit hash`,
      { details: { url: source.display, expected: checksum } },
    );
  throw new TsbuildError(
    "CONTEXT_GIT_CHECKSUM",
    `${source.display}: ${source.ref ?? "HEAD"}: expected checksum to match ${checksum}, got ${resolved.commit}`,
    {
      details: { url: source.display, expected: checksum, actual: resolved.commit },
      hint: "the ref moved, or the checksum is for another one",
    },
  );
}

function noRef(source: GitSource, ref: string, cause?: unknown): TsbuildError {
  return new TsbuildError(
    "CONTEXT_GIT_REF",
    `repository does not contain ref ${ref}: ${source.display}`,
    {
      details: { url: source.display, ref },
      ...defined({ cause }),
    },
  );
}

/** Brings the commit here: alone when the server gives it so, otherwise with all branches and tags. */
async function fetchCommit(
  session: GitSession,
  source: GitSource,
  resolved: ResolvedGit,
  work: string,
): Promise<string> {
  const what = resolved.ref ?? resolved.commit;
  try {
    await session.run(["fetch", "-q", "--no-tags", "--depth=1", "--", session.remote, what], work);
    const commit = await session.run(["rev-parse", "--verify", "FETCH_HEAD^{commit}"], work);
    // The ref may have moved since it was asked for; the commit that came is the one that is used.
    return checked({ ...resolved, commit: commit.trim() }, source).commit;
  } catch (error) {
    // Some servers give no commit by its id, some (dumb HTTP) no shallow history.
    if (!isTsbuildError(error, "CONTEXT_GIT_FAILED")) throw error;
  }
  await session.run(
    [
      "fetch",
      "-q",
      "--no-tags",
      "--",
      session.remote,
      "+HEAD:refs/remotes/origin/HEAD",
      "+refs/heads/*:refs/remotes/origin/*",
      "+refs/tags/*:refs/tags/*",
    ],
    work,
  );
  const wanted = resolved.commit;
  try {
    const commit = await session.run(["rev-parse", "--verify", "-q", `${wanted}^{commit}`], work);
    return checked({ ...resolved, commit: commit.trim() }, source).commit;
  } catch (error) {
    if (!isTsbuildError(error, "CONTEXT_GIT_FAILED")) throw error;
    throw noRef(source, wanted, error);
  }
}

/** Without their history where the server can do that; dumb HTTP cannot. */
async function fetchSubmodules(
  session: GitSession,
  work: string,
  rules: SourceRules | undefined,
): Promise<void> {
  const update = ["submodule", "--quiet", "update", "--init"];
  if (rules === undefined) update.push("--recursive");
  else await allowSubmodules(session, work, rules);
  try {
    await session.run([...update, "--depth=1"], work);
  } catch (error) {
    if (!isTsbuildError(error, "CONTEXT_GIT_FAILED")) throw error;
    await session.run(update, work);
  }
  if (rules === undefined) return;
  for (const path of await submodules(session, work)) await fetchSubmodules(session, path, rules);
}

/** Each submodule is a repository that the rules have to allow, and may have another for. */
async function allowSubmodules(
  session: GitSession,
  work: string,
  rules: SourceRules,
): Promise<void> {
  await session.run(["submodule", "--quiet", "init"], work);
  const urls = ["config", "--null", "--local", "--get-regexp", "^submodule\\..*\\.url$"];
  // git answers with failure when there are none.
  const listing = await session.run(urls, work).catch((error: unknown) => {
    if (isTsbuildError(error, "CONTEXT_GIT_FAILED") && error.details["exitCode"] === 1) return "";
    throw error;
  });
  for (const entry of listing.split("\0").filter((text) => text !== "")) {
    const end = entry.indexOf("\n");
    const [key, remote] = [entry.slice(0, end), entry.slice(end + 1)];
    const to = rules.git({ remote, display: redactUrl(remote) });
    if (to.remote !== remote) await session.run(["config", "--local", key, to.remote], work);
  }
}

/** Where submodules were checked out. In a directory without a repository git would work on the one around it. */
async function submodules(session: GitSession, work: string): Promise<string[]> {
  const listing = await session.run(["ls-files", "--stage", "-z"], work);
  const links = listing.split("\0").filter((line) => line.startsWith("160000 "));
  const found: string[] = [];
  for (const link of links) {
    const path = join(work, link.slice(link.indexOf("\t") + 1));
    if (await exists(join(path, ".git"))) found.push(await realpath(path));
  }
  const root = await realpath(work);
  return found.filter((path) => path !== root && isInside(root, path));
}

async function subdirectory(work: string, source: GitSource): Promise<string> {
  const root = await realpath(work);
  if (source.subdir === undefined) return root;
  const details = { url: source.display, subdir: source.subdir };
  let path: string;
  try {
    path = await realpath(join(root, source.subdir));
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) throw error;
    throw new TsbuildError(
      "CONTEXT_GIT_REF",
      `${source.display} has no directory ${source.subdir}`,
      { details, cause: error },
    );
  }
  if (!isInside(root, path) || isInside(join(root, ".git"), path))
    throw new TsbuildError(
      "CONTEXT_DOCKERFILE_OUTSIDE",
      `the directory ${source.subdir} of ${source.display} is a symbolic link that leads out of it`,
      { details },
    );
  if (!(await lstat(path)).isDirectory())
    throw new TsbuildError(
      "CONTEXT_GIT_REF",
      `${source.subdir} of ${source.display} is not a directory`,
      { details },
    );
  return path;
}

/** Takes `.git` away (a directory; in a submodule, a file) and sets times, without following a link. */
async function tidy(
  directory: string,
  options: { readonly keepGitDir: boolean; readonly time?: number },
): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.name.toLowerCase() === ".git") {
      if (!options.keepGitDir) await rm(path, { recursive: true, force: true });
      continue;
    }
    if (entry.isDirectory()) await tidy(path, options);
    else if (options.time !== undefined) await lutimes(path, options.time, options.time);
  }
  if (options.time !== undefined) await lutimes(directory, options.time, options.time);
}
