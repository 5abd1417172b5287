// SPDX-License-Identifier: Apache-2.0
// Opens what `tsbuild build` names: a directory, standard input, a URL or a git repository, and decides where the Dockerfile
// comes from. One function per kind of input.

import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { CleanupStack, TsbuildError, defined, redactUrl } from "../base/index.js";
import {
  besideDockerfile,
  chooseDockerfile,
  defaultNames,
  firstIgnore,
  noDockerfile,
  rootIgnoreFiles,
  spellingsOf,
  type FoundIgnore,
} from "./choose.js";
import { sniff } from "./detect.js";
import { checkoutGit } from "./git-checkout.js";
import { parseGitUrl } from "./git-url.js";
import { fetchUrl, parseHttpUrl } from "./http.js";
import { confinedReader, isDirectory, isFile, readHostFile, trustedReader } from "./local.js";
import { keepEverything } from "./patterns/ignore-rules.js";
import { isForPreprocessor, notPreprocessed, preprocess } from "./preprocess.js";
import { maxDockerfileBytes, readAll } from "./read-all.js";
import type {
  BuildContext,
  ContextEnvironment,
  ContextRequest,
  ContextTree,
  DockerfileSource,
  FileReader,
  GitSource,
  LoadedContext,
} from "./types.js";

/**
 * Opens the build context. Throws CONTEXT_NOT_FOUND, CONTEXT_CONFLICT, CONTEXT_EMPTY_INPUT, CONTEXT_NO_DOCKERFILE (for `-f`
 * outside the tree), and the codes of git and HTTP. The caller disposes the context after the build.
 */
export async function openContext(
  given: ContextRequest,
  environment: ContextEnvironment,
): Promise<BuildContext> {
  const request = await orItsDirectory(given, environment.cwd);
  if (request.context === "-" && request.file === "-")
    throw new TsbuildError(
      "CONTEXT_CONFLICT",
      "can't use stdin for both build context and dockerfile",
      { hint: "name a directory as the context, or leave -f - away" },
    );
  await using held = new CleanupStack();
  const named = await givenDockerfile(request, environment, held);
  const opened = await openTree(request, environment, held, named !== undefined);
  const dockerfile = opened.dockerfile ?? named;
  const cleanup = held.move();
  return {
    tree: opened.tree,
    name: opened.name,
    ...defined({ commit: opened.commit, time: opened.time, dockerfile }),
    load: async (reader) => load(request, environment, opened, dockerfile, reader ?? opened.reader),
    [Symbol.asyncDispose]: async () => cleanup[Symbol.asyncDispose](),
  };
}

/** A Dockerfile in the place of a context stands for itself in its directory, as in Buildah. */
async function orItsDirectory(request: ContextRequest, cwd: string): Promise<ContextRequest> {
  const path = resolve(cwd, request.context);
  const isNamedSo = /^(?:docker|container)file|\.(?:docker|container)file$/i.test(basename(path));
  if (request.file !== undefined || !isNamedSo || !(await isFile(path))) return request;
  return { ...request, context: dirname(path), file: path };
}

interface Opened {
  readonly tree: ContextTree;
  readonly name: string;
  /** Reads the tree, where that can be done without unpacking it. */
  readonly reader?: FileReader;
  readonly commit?: NonNullable<BuildContext["commit"]>;
  readonly time?: number;
  /** The input was a Dockerfile instead of a context. */
  readonly dockerfile?: DockerfileSource;
}

/** The Dockerfile of `-f -`, `-f URL` and of a pipe that the shell names (`-f <(command)`). */
async function givenDockerfile(
  request: ContextRequest,
  environment: ContextEnvironment,
  held: CleanupStack,
): Promise<DockerfileSource | undefined> {
  const { file } = request;
  if (file === "-") {
    const bytes = await readAll(stdinOf(environment), "the Dockerfile", maxDockerfileBytes);
    return { name: "-", bytes };
  }
  if (file !== undefined && isAbsolute(file) && (await isPipe(file))) {
    const bytes = await readAll(createReadStream(file), "the Dockerfile", maxDockerfileBytes);
    return { name: file, bytes };
  }
  if (file === undefined || !/^https?:\/\//i.test(file)) return undefined;
  const { path } = await download(file, environment, held, maxDockerfileBytes);
  const bytes = await readHostFile(path, maxDockerfileBytes);
  return { name: redactUrl(file), bytes: bytes ?? Buffer.alloc(0) };
}

async function isPipe(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFIFO();
  } catch {
    return false; // whoever opens it next says what is wrong
  }
}

async function openTree(
  request: ContextRequest,
  environment: ContextEnvironment,
  held: CleanupStack,
  hasDockerfile: boolean,
): Promise<Opened> {
  const { context } = request;
  if (context === "-") return fromStdin(request, environment);
  const directory = resolve(environment.cwd, context);
  if (await isDirectory(directory))
    return {
      tree: { kind: "directory", path: directory, trusted: true },
      name: context,
      reader: trustedReader(directory),
    };
  const git = parseGitUrl(context, { context: true });
  if (git !== undefined) return fromGit(git, request, environment, held);
  if (/^https?:\/\//i.test(context)) {
    const { path, time } = await download(context, environment, held);
    const stream = createReadStream(path);
    held.defer(() => {
      stream.destroy();
    });
    // As in docker build, a URL that is a Dockerfile is the Dockerfile, whatever file of the context -f names.
    const opened = await fromStream(stream, redactUrl(context), hasDockerfile);
    return { ...opened, ...defined({ time }) };
  }
  throw new TsbuildError("CONTEXT_NOT_FOUND", `the build context ${context} is not a directory`, {
    details: { context },
    hint: "name a directory, - for standard input, an http(s) URL or a git URL",
  });
}

function stdinOf(environment: ContextEnvironment): Readable {
  if (environment.stdin !== undefined) return environment.stdin;
  throw new TsbuildError("CONTEXT_CONFLICT", "there is no standard input to read from");
}

async function fromStdin(
  request: ContextRequest,
  environment: ContextEnvironment,
): Promise<Opened> {
  const dockerfileIsNamed = request.file !== undefined;
  return fromStream(stdinOf(environment), "standard input", dockerfileIsNamed);
}

/** A tar archive is the context; anything else is the Dockerfile of an empty one. */
async function fromStream(
  source: Readable,
  name: string,
  dockerfileIsNamed: boolean,
): Promise<Opened> {
  const found = await sniff(source);
  switch (found.kind) {
    case "empty":
      throw new TsbuildError("CONTEXT_EMPTY_INPUT", `${name} is empty`, {
        hint: "a tar archive or a Dockerfile was expected",
      });
    case "archive":
      return {
        tree: { kind: "archive", stream: found.stream, compression: found.compression },
        name,
      };
    case "text": {
      if (dockerfileIsNamed)
        throw new TsbuildError(
          "CONTEXT_CONFLICT",
          `${name} is not an archive, so it is a Dockerfile, and -f names another one`,
          { hint: "leave -f away, or give a tar archive as the context" },
        );
      const bytes = await readAll(found.stream, `the Dockerfile from ${name}`, maxDockerfileBytes);
      return {
        tree: { kind: "empty" },
        name,
        dockerfile: { name: name === "standard input" ? "-" : name, bytes },
      };
    }
  }
}

async function fromGit(
  git: GitSource,
  request: ContextRequest,
  environment: ContextEnvironment,
  held: CleanupStack,
): Promise<Opened> {
  const source: GitSource = {
    ...git,
    ...(request.keepGitDir === true ? { keepGitDir: true } : {}),
    ...defined({ mtime: request.mtime }),
  };
  const checkout = held.use(await checkoutGit(source, environment));
  return {
    tree: { kind: "directory", path: checkout.path, trusted: false },
    name: git.display,
    reader: confinedReader(checkout.path),
    commit: {
      id: checkout.commit,
      time: checkout.time,
      ...defined({ ref: git.ref, subdir: git.subdir }),
    },
    time: checkout.time,
  };
}

async function download(
  text: string,
  environment: ContextEnvironment,
  held: CleanupStack,
  maxBytes?: number,
): Promise<{ readonly path: string; readonly time?: number }> {
  parseHttpUrl(text);
  const directory = await mkdtemp(join(environment.scratch, "http-"));
  held.defer(async () => rm(directory, { recursive: true, force: true }));
  const destination = join(directory, "body");
  const { signal, remotes } = environment;
  const result = await fetchUrl({
    url: text,
    destination,
    signal,
    ...defined({ remotes, maxBytes }),
  });
  // 0: the server told no time.
  const time = result.kind === "downloaded" && result.mtime > 0 ? { time: result.mtime } : {};
  return { path: destination, ...time };
}

async function load(
  request: ContextRequest,
  environment: ContextEnvironment,
  opened: Opened,
  dockerfile: DockerfileSource | undefined,
  reader: FileReader | undefined,
): Promise<LoadedContext> {
  const { tree, name } = opened;
  const isGit = opened.commit !== undefined;
  const applyIgnore = request.applyIgnore ?? !isGit;
  const finish = async (
    chosen: DockerfileSource,
    beside: Parameters<typeof firstIgnore>[0],
  ): Promise<LoadedContext> => ({
    dockerfile: await withMoreFiles(chosen, request, environment, opened, reader),
    ...(await ignoreRules(request, environment, applyIgnore, reader, beside)),
  });

  if (dockerfile !== undefined) return finish(dockerfile, []);
  if (tree.kind === "directory" && tree.trusted && request.file !== undefined) {
    const chosen = await hostDockerfile(request.file, tree.path, request, environment);
    if (chosen === undefined) throw noDockerfile(request.file, name);
    return finish({ name: request.file, bytes: chosen.bytes }, hostIgnoreFiles(chosen.path));
  }
  if (request.file !== undefined && isAbsolute(request.file)) {
    // In a remote context a relative -f is a path of it; an absolute one can only mean this machine, if it is there.
    const { file } = request;
    const found = await hostDockerfile(file, dirname(file), request, environment);
    if (found !== undefined)
      return finish({ name: file, bytes: found.bytes }, hostIgnoreFiles(found.path));
  }
  if (reader === undefined)
    throw new TypeError("an archive has to be unpacked before its Dockerfile can be read");
  const chosen = await chooseDockerfile(reader, name, request.file);
  if (isForPreprocessor(chosen.path)) throw notPreprocessed(chosen.path);
  return finish(
    chosen.source,
    besideDockerfile(chosen.path).map((path) => ({ reader, path, name: path })),
  );
}

/** One Dockerfile of several: what `-f` says again stands below it. */
async function withMoreFiles(
  first: DockerfileSource,
  request: ContextRequest,
  environment: ContextEnvironment,
  { tree, name }: Opened,
  reader: FileReader | undefined,
): Promise<DockerfileSource> {
  const { moreFiles = [] } = request;
  if (moreFiles.length === 0) return first;
  const parts = [Buffer.from(first.bytes)];
  for (const file of moreFiles) {
    const found =
      tree.kind === "directory" && tree.trusted
        ? await hostDockerfile(file, tree.path, request, environment)
        : reader && (await chooseDockerfile(reader, name, file)).source;
    if (found === undefined) throw noDockerfile(file, name);
    parts.push(Buffer.from("\n"), Buffer.from(found.bytes));
  }
  return { name: [first.name, ...moreFiles].join("+"), bytes: Buffer.concat(parts) };
}

/**
 * `-f` beside a directory of the user's: relative to the current directory, or else to the context. A directory stands for
 * the Dockerfile in it. NAME.in is preprocessed.
 */
async function hostDockerfile(
  file: string,
  context: string,
  request: ContextRequest,
  environment: ContextEnvironment,
): Promise<{ readonly path: string; readonly bytes: Buffer } | undefined> {
  for (const path of new Set([resolve(environment.cwd, file), resolve(context, file)])) {
    const names = (await isDirectory(path))
      ? defaultNames.map((name) => join(path, name))
      : spellingsOf(path);
    for (const name of names) {
      const bytes = await readHostFile(name, maxDockerfileBytes);
      if (bytes === undefined) continue;
      if (!isForPreprocessor(name)) return { path: name, bytes };
      return { path: name, bytes: await preprocess(file, bytes, context, request, environment) };
    }
  }
  return undefined;
}

function hostIgnoreFiles(dockerfile: string): Parameters<typeof firstIgnore>[0] {
  const reader = trustedReader(dirname(dockerfile));
  return besideDockerfile(basename(dockerfile)).map((path) => ({ reader, path, name: path }));
}

async function ignoreRules(
  request: ContextRequest,
  environment: ContextEnvironment,
  applyIgnore: boolean,
  reader: FileReader | undefined,
  beside: Parameters<typeof firstIgnore>[0],
): Promise<FoundIgnore> {
  if (request.ignoreFile !== undefined) {
    const path = resolve(environment.cwd, request.ignoreFile);
    const found = await firstIgnore([
      {
        reader: trustedReader(dirname(path)),
        path: basename(path),
        name: request.ignoreFile,
      },
    ]);
    if (found.ignoreFile !== undefined) return found;
    throw new TsbuildError("CONTEXT_NOT_FOUND", `cannot find the ignore file ${path}`, {
      details: { path },
    });
  }
  if (!applyIgnore) return { ignore: keepEverything };
  const roots =
    reader === undefined ? [] : rootIgnoreFiles.map((path) => ({ reader, path, name: path }));
  return firstIgnore([...beside, ...roots]);
}
