// SPDX-License-Identifier: Apache-2.0
// Files that are read from a repository, or a file from a URL, before there is a build.

import { join } from "node:path";
import { CleanupStack, redactUrl, TsbuildError } from "../base/index.js";
import {
  checkoutGit,
  confinedReader,
  detectCompression,
  fetchUrl,
  isTarHeader,
  parseGitUrl,
  trustedReader,
} from "../context/index.js";
import { remoteAccess } from "./remotes.js";
import type { BuildRequest } from "./request.js";

/** Bytes of one file. */
const maxBytes = 8 << 20;

export type RemoteFiles =
  | { readonly kind: "repository"; readonly files: ReadonlyMap<string, Buffer> }
  | { readonly kind: "file"; readonly text: Buffer };

/**
 * Of a repository those files of these names that are there, in their order; of another URL what is at it.
 * Errors: CONTEXT_*, BUILD_UNSUPPORTED for an archive. `scratch`: an empty directory, to be removed by the caller.
 */
export async function readRemoteFiles(
  url: string,
  names: readonly string[],
  access: Pick<BuildRequest, "secrets" | "agents"> & {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly scratch: string;
  },
  signal: AbortSignal,
): Promise<RemoteFiles> {
  await using cleanup = new CleanupStack();
  const { env, scratch } = access;
  const remotes = remoteAccess({ context: url, ...access }, undefined, cleanup, signal);
  const git = parseGitUrl(url, { context: true });
  if (git === undefined) {
    const destination = join(scratch, "file");
    await fetchUrl({ url, destination, remotes, maxBytes, signal });
    const text = (await trustedReader(scratch).read("file", maxBytes)) ?? Buffer.alloc(0);
    if (detectCompression(text) === "none" && !isTarHeader(text)) return { kind: "file", text };
    throw new TsbuildError("BUILD_UNSUPPORTED", `${redactUrl(url)} is an archive`, {
      hint: "A file, or the URL of a repository, was expected.",
    });
  }
  await using checkout = await checkoutGit(
    { ...git, submodules: false },
    { scratch, env, remotes, signal },
  );
  const reader = confinedReader(checkout.path);
  const files = new Map<string, Buffer>();
  for (const name of names) {
    const text = await reader.read(name, maxBytes);
    if (text !== undefined) files.set(name, text);
  }
  return { kind: "repository", files };
}
