// SPDX-License-Identifier: Apache-2.0
// A build by tsbuild's library from the flags of a case: a process for each of hundreds of builds would cost more than the builds.

import { Command } from "commander";
import { build, type BuildRequest } from "#src/build.js";
import { addBuildFlags, type BuildFlags } from "#src/cli/options/build-flags.js";
import { parseSecret } from "#src/cli/options/credentials.js";
import { parseArguments, parseHost, parseLabels } from "#src/cli/options/values.js";

export interface LibraryBuild {
  readonly args: readonly string[];
  /** Where the flags' paths begin, and the context lies. */
  readonly directory: string;
  readonly storeRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly output: string;
}

const driver = process.env["TSBUILD_STORAGE_DRIVER"];

/** The flags that cases use; another one is a mistake in the case. */
const known =
  /^--(?:add-host|build-arg|build-context|file|label|network|no-cache|secret|target)(?:=|$)/;

/** Builds, or throws what the library throws. */
export async function buildByLibrary(from: LibraryBuild): Promise<void> {
  const strange = from.args.find((arg) => arg.startsWith("--") && !known.test(arg));
  if (strange !== undefined) throw new TypeError(`cases cannot use ${strange}`);
  await build(requestOf(from));
}

function requestOf({ args, directory, storeRoot, env, output }: LibraryBuild): BuildRequest {
  const flags = addBuildFlags(new Command()).parse(args, { from: "user" }).opts<BuildFlags>();
  const [file] = flags.file;
  return {
    context: "context",
    ...(file === undefined ? {} : { file }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    buildArgs: parseArguments(flags.buildArg, env),
    labels: parseLabels(flags.label),
    buildContexts: flags.buildContext,
    outputs: [output],
    noCache: !flags.cache,
    // The command line reads secrets below the process's directory, which all builds of this process share.
    secrets: flags.secret.map((text) =>
      parseSecret(text.replace(/(^|,)src=/, `$1src=${directory}/`), env),
    ),
    network: flags.network as "default" | "none" | "host",
    addHosts: flags.addHost.flatMap(parseHost),
    storeRoot,
    ...(driver === undefined ? {} : { storageDriver: driver }),
    cwd: directory,
    env,
  };
}
