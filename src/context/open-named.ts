// SPDX-License-Identifier: Apache-2.0
// Opens the named contexts that are trees (directory, git, HTTP), when a build first uses one. Images and stages are
// other rooms' business.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { TsbuildError, defined, redactUrl } from "../base/index.js";
import { firstIgnore, rootIgnoreFiles } from "./choose.js";
import { checkoutGit } from "./git-checkout.js";
import { fetchUrl } from "./http.js";
import { isDirectory, trustedReader } from "./local.js";
import { keepEverything } from "./patterns/ignore-rules.js";
import type { ContextEnvironment, NamedContext, OpenedNamedContext } from "./types.js";

/** The kinds of named contexts that {@link openNamedContext} opens. */
export type TreeContext = Extract<NamedContext, { kind: "directory" | "git" | "http" }>;

/**
 * Opens a named context. A directory has the rules of its own ignore file; an HTTP URL is one file called `context`.
 * Throws CONTEXT_NOT_FOUND and the codes of git and HTTP.
 */
export async function openNamedContext(
  context: TreeContext,
  environment: ContextEnvironment,
): Promise<OpenedNamedContext> {
  switch (context.kind) {
    case "directory":
      return openDirectory(context.path);
    case "git": {
      const checkout = await checkoutGit(context.source, environment);
      return {
        tree: { kind: "directory", path: checkout.path, trusted: false },
        name: context.source.display,
        ignore: keepEverything,
        [Symbol.asyncDispose]: async () => checkout[Symbol.asyncDispose](),
      };
    }
    case "http":
      return openDownload(context.url, environment);
  }
}

async function openDirectory(path: string): Promise<OpenedNamedContext> {
  if (!(await isDirectory(path)))
    throw new TsbuildError("CONTEXT_NOT_FOUND", `the build context ${path} is not a directory`, {
      details: { context: path },
    });
  const reader = trustedReader(path);
  const { ignore } = await firstIgnore(
    rootIgnoreFiles.map((name) => ({ reader, path: name, name: join(path, name) })),
  );
  return {
    tree: { kind: "directory", path, trusted: true },
    name: path,
    ignore,
    [Symbol.asyncDispose]: async () => Promise.resolve(),
  };
}

async function openDownload(
  url: string,
  environment: ContextEnvironment,
): Promise<OpenedNamedContext> {
  const directory = await mkdtemp(join(environment.scratch, "http-"));
  const remove = async (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const destination = join(directory, "context");
    const { signal, remotes } = environment;
    const result = await fetchUrl({
      url,
      destination,
      signal,
      ...defined({ remotes }),
    });
    return {
      tree: {
        kind: "file",
        name: "context",
        path: destination,
        mtime: result.kind === "downloaded" ? result.mtime : 0,
      },
      name: redactUrl(url),
      ignore: keepEverything,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
