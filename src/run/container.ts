// SPDX-License-Identifier: Apache-2.0
// From an image's configuration and what the user says beside it to a container's command, environment, user and directory.

import { posix } from "node:path";
import { TsbuildError } from "../base/index.js";
import type { ContainerConfig } from "../oci/index.js";
import { mergeEnvironment } from "./environment.js";

/** What the user says. Absent: as the image says. */
export interface ContainerOptions {
  /** Arguments after the image's name; they take the place of its Cmd. */
  readonly command: readonly string[];
  /** Takes the place of Entrypoint and Cmd. `""`: no entry point. */
  readonly entrypoint?: string;
  /** `NAME=VALUE`; `NAME` alone takes a variable away. */
  readonly env: readonly string[];
  /** What the engine's settings add, such as proxies: the image's and the user's values win. */
  readonly addedEnv?: readonly string[];
  readonly user?: string;
  /** Absolute. */
  readonly workingDirectory?: string;
  readonly hostname: string;
  /** Whether the program gets a terminal. */
  readonly terminal: boolean;
  readonly stopSignal?: string;
}

/** What runs. */
export interface Container {
  /** Never empty. */
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string;
  readonly user: string;
  /** Name or number of the signal that asks the program to end. */
  readonly stopSignal: string;
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Errors: RUN_NO_COMMAND, RUN_WORKING_DIRECTORY. */
export function mergeContainer(config: ContainerConfig, options: ContainerOptions): Container {
  return {
    argv: commandOf(config, options),
    env: mergeEnvironment(
      [defaultPath, `HOSTNAME=${options.hostname}`, ...(options.terminal ? ["TERM=xterm"] : [])],
      options.addedEnv ?? [],
      config.Env ?? [],
      options.env,
    ),
    workingDirectory: directoryOf(config, options),
    user: given(options.user) ?? config.User ?? "",
    stopSignal: given(options.stopSignal) ?? given(config.StopSignal) ?? "SIGTERM",
  };
}

/** An empty text says nothing. */
function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** An entry point of the user's own comes without the image's Cmd, which was written for another one. */
function commandOf(config: ContainerConfig, { entrypoint, command }: ContainerOptions): string[] {
  const argv =
    entrypoint !== undefined
      ? [...(entrypoint === "" ? [] : [entrypoint]), ...command]
      : [...(config.Entrypoint ?? []), ...(command.length > 0 ? command : (config.Cmd ?? []))];
  if (argv.length > 0) return argv;
  throw new TsbuildError("RUN_NO_COMMAND", "no command was given, and the image has none", {
    hint: "Name it after the image: tsbuild run IMAGE COMMAND.",
  });
}

function directoryOf(config: ContainerConfig, options: ContainerOptions): string {
  const workingDirectory = given(options.workingDirectory);
  if (workingDirectory === undefined) return posix.join("/", config.WorkingDir ?? "");
  if (workingDirectory.startsWith("/")) return posix.normalize(workingDirectory);
  throw new TsbuildError(
    "RUN_WORKING_DIRECTORY",
    `the working directory ${JSON.stringify(workingDirectory)} is not an absolute path`,
  );
}
