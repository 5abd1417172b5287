// SPDX-License-Identifier: Apache-2.0
// SOURCE_DATE_EPOCH that is not a number but names where the time comes from: `context`, a named context, or a stage that
// only downloads. What has no time of its own (a directory of this machine) gives none.

import { createReadStream } from "node:fs";
import { TsbuildError, type SourceLocation } from "../base/index.js";
import {
  checkoutGit,
  findNamedContext,
  openNamedContext,
  parseGitUrl,
  type ContextEnvironment,
  type GitSource,
  type NamedContexts,
} from "../context/index.js";
import {
  expandWord,
  scopeOf,
  type Dockerfile,
  type Stage,
  type Word,
} from "../dockerfile/index.js";
import { hostPlatform, type Platform } from "../oci/index.js";
import { globalArgs, platformArgs } from "../plan/index.js";
import { detectArchive, readArchive } from "../layer/index.js";

const variable = "SOURCE_DATE_EPOCH";

export interface EpochSources {
  readonly dockerfile: Dockerfile;
  readonly platform: Platform;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** The time of the build context, in seconds. */
  readonly contextTime: () => Promise<number | undefined>;
  readonly named: NamedContexts;
  readonly environment: ContextEnvironment;
}

/** The ARGs before the first FROM, --build-arg over them. */
function globals({ dockerfile, platform, buildArgs }: EpochSources): ReadonlyMap<string, string> {
  return globalArgs(dockerfile, platformArgs(platform, hostPlatform(), ""), buildArgs).values;
}

/**
 * Build arguments in which SOURCE_DATE_EPOCH is a number of seconds, or empty when its source has no time. A default that
 * the Dockerfile gives before its first FROM counts like an argument.
 * Errors: BUILD_EPOCH, CONTEXT_*, and those of expansion.
 */
export async function withResolvedEpoch(
  sources: EpochSources,
): Promise<ReadonlyMap<string, string>> {
  const { buildArgs, dockerfile } = sources;
  if (!buildArgs.has(variable) && dockerfile.globalArgs.length === 0) return buildArgs;
  const value = buildArgs.get(variable) ?? globals(sources).get(variable);
  if (value === undefined) return buildArgs;
  const isNumber = value === "" || /^\d+$/.test(value);
  const seconds = isNumber ? value : String((await timeOf(value, sources)) ?? "");
  return new Map([...buildArgs, [variable, seconds]]);
}

async function timeOf(name: string, sources: EpochSources): Promise<number | undefined> {
  if (name === "context") return sources.contextTime();
  const { environment } = sources;
  const context = findNamedContext(sources.named, name);
  if (context?.kind === "git") return commitTime(context.source, environment);
  if (context?.kind === "http") return downloadTime(context.url, environment);
  if (context !== undefined) return undefined;
  const stage = sources.dockerfile.stages.find(
    (candidate) => candidate.name === name.toLowerCase(),
  );
  if (stage === undefined)
    throw new TsbuildError("BUILD_EPOCH", `invalid ${variable}: ${name}`, {
      hint: "Write whole seconds since 1970, context, or the name of a build context or of a stage that is one download.",
    });
  const url = stageSource(stage, sources);
  const git = parseGitUrl(url);
  return git === undefined ? downloadTime(url, environment) : commitTime(git, environment);
}

async function commitTime(source: GitSource, environment: ContextEnvironment): Promise<number> {
  await using checkout = await checkoutGit(source, environment);
  return checkout.time;
}

/** Last-Modified; where the server does not tell it, the newest file of the archive. */
async function downloadTime(
  url: string,
  environment: ContextEnvironment,
): Promise<number | undefined> {
  await using download = await openNamedContext({ kind: "http", url }, environment);
  const { tree } = download;
  if (tree.kind !== "file") throw new TypeError("a download is one file");
  return tree.mtime > 0 ? tree.mtime : await newestInArchive(tree.path);
}

async function newestInArchive(path: string): Promise<number | undefined> {
  if (!(await detectArchive(() => createReadStream(path)))) return undefined;
  let newest: number | undefined;
  for await (const entry of readArchive(createReadStream(path)))
    if (entry.type === "file") newest = Math.max(newest ?? 0, entry.mtime);
  return newest;
}

/** The URL that a stage of nothing but one download adds. */
function stageSource(stage: Stage, sources: EpochSources): string {
  const { dockerfile, buildArgs } = sources;
  const { source } = dockerfile;
  const values = new Map(globals(sources));
  values.delete(variable);
  const expand = (word: Word): string => expandWord(word, scopeOf(values), { source }).value;
  const refuse = (why: string, range = stage.from.range): TsbuildError => {
    const location: SourceLocation = { file: source.file, text: source.text, range };
    return new TsbuildError(
      "BUILD_EPOCH",
      `the ${variable} stage does not meet source-only requirements: ${stage.name ?? ""}: ${why}`,
      { location, hint: "Such a stage is FROM scratch, ARGs, and one ADD of one URL." },
    );
  };
  if (expand(stage.from.image) !== "scratch") throw refuse("it is not FROM scratch");
  const found: string[] = [];
  for (const instruction of stage.instructions)
    switch (instruction.kind) {
      case "arg":
        for (const { name, value } of instruction.args) {
          const given = buildArgs.get(name.text) ?? (value && expand(value));
          if (given !== undefined) values.set(name.text, given);
        }
        break;
      case "add":
        found.push(...instruction.sources.map(expand));
        if (instruction.heredocs.length > 0) throw refuse("it has files", instruction.range);
        break;
      default:
        throw refuse(`it has ${instruction.kind.toUpperCase()}`, instruction.range);
    }
  const [url = ""] = found;
  const isRemote = parseGitUrl(url) !== undefined || /^https?:\/\//.test(url);
  if (found.length !== 1 || !isRemote) throw refuse("it does not add exactly one URL");
  return url;
}
