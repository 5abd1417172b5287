// SPDX-License-Identifier: Apache-2.0
// Files of build targets that a repository has, or that are at a URL (`tsbuild bake https://...`).

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultFileNames, type BakeFile } from "../../bake/index.js";
import { TsbuildError } from "../../base/index.js";
import type { SecretSource } from "../../build.js";
import { readRemoteFiles } from "../../build/remote-files.js";
import { parseAgent, parseSecret } from "../options/credentials.js";

/** Where the files of targets are, if not here. */
export interface Repository {
  /** Of a repository, in which the paths of targets are. Absent: the URL is one file, and its paths are of this machine. */
  readonly url: string | undefined;
  readonly files: readonly BakeFile[];
}

/**
 * What authorizes the repository of the targets' files, and contexts on its host: BUILDX_BAKE_GIT_AUTH_TOKEN and _HEADER. They are
 * shown to no other host.
 */
export function repositorySecrets(
  repository: string | undefined,
  env: NodeJS.ProcessEnv,
): SecretSource[] {
  const host = repository === undefined ? undefined : hostOf(repository);
  if (host === undefined) return [];
  return ["GIT_AUTH_TOKEN", "GIT_AUTH_HEADER"].flatMap((kind) => {
    const variable = `BUILDX_BAKE_${kind}`;
    const value = env[variable];
    return value === undefined || value === ""
      ? []
      : [parseSecret(`id=${kind}.${host},env=${variable}`, env)];
  });
}

function hostOf(url: string): string | undefined {
  const text = url.startsWith("github.com/") ? `https://${url}` : url;
  return URL.canParse(text) ? new URL(text).host : undefined;
}

/** Those of these names, or the usual ones that are there. Errors: CLI_BAKE_FILE, CONTEXT_*. */
export async function readRepository(
  url: string,
  names: readonly string[] | undefined,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Repository> {
  const keys = env["BUILDX_BAKE_GIT_SSH"];
  const scratch = await mkdtemp(join(tmpdir(), "tsbuild-bake-"));
  try {
    const found = await readRemoteFiles(
      url,
      names ?? defaultFileNames,
      {
        env,
        scratch,
        secrets: repositorySecrets(url, env),
        agents: keys === undefined || keys === "" ? [] : [parseAgent(`default=${keys}`, env)],
      },
      signal,
    );
    if (found.kind === "file")
      return { url: undefined, files: [{ name: url, text: found.text.toString("utf8") }] };
    const files = [...found.files].map(([name, text]) => ({ name, text: text.toString("utf8") }));
    const missing = names?.find((name) => !found.files.has(name));
    if (missing === undefined) return { url, files };
    throw new TsbuildError("CLI_BAKE_FILE", `${missing} is not in the repository`, {
      details: { path: missing },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
