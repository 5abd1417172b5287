// SPDX-License-Identifier: Apache-2.0
// `tsbuild run`: a container of an image, from its name to the end of its program. Nothing of it stays, but for named volumes
// and what --commit asks for.

import { randomBytes } from "node:crypto";
import { CleanupStack, defined } from "../../base/index.js";
import { formatReference, parseReference, withDefaultTag } from "../../oci/index.js";
import {
  exitCodeOfResult,
  mergeContainer,
  planMounts,
  type Container,
  type MountRequest,
} from "../../run/index.js";
import {
  parseSecurityOptions,
  type Root,
  type RunMount,
  type RunRequest,
  type RunResult,
} from "../../sandbox/index.js";
import { scratchDirectory } from "../../snapshot/index.js";
import { hostsFile } from "../../steps/index.js";
import { epochOf, withEpoch } from "../epoch.js";
import { proxyEnvironment, resolvConf, resolveHosts } from "../network.js";
import { openRooms, type Rooms } from "../rooms.js";
import { commitImage } from "./commit.js";
import { findImage, stateOf } from "./find-image.js";
import type { RunImageRequest, RunImageResult } from "./request.js";
import { TimeLimit } from "./time-limit.js";
import { openVolume } from "./volumes.js";

export type { RunControl, RunImageRequest, RunImageResult } from "./request.js";
export {
  exitCodeOfError,
  isVolumeName,
  mergeEnvironment,
  parseEnvFile,
  type MountRequest,
} from "../../run/index.js";

/**
 * Runs a program in a container of an image. Errors: RUN_*, those of finding an image, SANDBOX_*; the signal's reason.
 */
export async function runImage(request: RunImageRequest): Promise<RunImageResult> {
  const { events, signal, commit } = request;
  const name =
    commit === undefined ? undefined : formatReference(withDefaultTag(parseReference(commit)));
  const epoch = epochOf(withEpoch(new Map(), request.env ?? process.env));
  await using cleanup = new CleanupStack();
  const rooms = cleanup.use(await openRooms(request, events, signal));
  const image = await findImage(rooms, request);
  const hostname = request.hostname ?? randomBytes(6).toString("hex");
  const container = containerOf(request, image.config.config ?? {}, hostname);
  const wanted = planMounts(request.mounts, image.config.config ?? {});
  const base = await stateOf(rooms, image, events, signal);
  const lowers = rooms.snapshots.stackOf(base);

  const draft = await rooms.snapshots.prepare(base);
  let kept = false;
  cleanup.defer(async () => {
    if (!kept) await rooms.snapshots.discard(draft);
  });
  const mounts = await openMounts(rooms, wanted, { kind: "stack", lowers }, cleanup, signal);
  const result = await execute(rooms, request, container, {
    ...settingsOf(request, hostname),
    root: { kind: "stack", lowers, upper: draft.dir },
    argv: container.argv,
    env: container.env,
    cwd: container.workingDirectory,
    cwdOfRoot: true,
    discarded: name === undefined,
    user: container.user,
    mounts: [hostnameFile(hostname), ...mounts],
  });
  if (name === undefined) return resultOf(request, result);

  const state = await rooms.snapshots.commit(draft);
  kept = true;
  const committed = await commitImage(
    rooms,
    {
      base: image,
      state,
      name,
      argv: container.argv,
      ...defined({ epoch }),
    },
    signal,
  );
  return { ...resultOf(request, result), committed };
}

function containerOf(
  request: RunImageRequest,
  config: Parameters<typeof mergeContainer>[0],
  hostname: string,
): Container {
  const { command, entrypoint, variables, user, workingDirectory, stopSignal, terminal } = request;
  const env = request.env ?? process.env;
  // Only what Docker's configuration file says: the environment of whoever types the command is not the container's.
  const { HOME, DOCKER_CONFIG } = env;
  return mergeContainer(config, {
    command,
    env: variables,
    addedEnv: proxyEnvironment(new Map(), { HOME, DOCKER_CONFIG }),
    hostname,
    terminal,
    ...defined({ entrypoint, user, workingDirectory, stopSignal }),
  });
}

/** Comes first, so that a mount of the user's may take its place. */
function hostnameFile(hostname: string): RunMount {
  const bytes = Buffer.from(`${hostname}\n`);
  return { kind: "file", target: "/etc/hostname", bytes, mode: 0o644, uid: 0, gid: 0 };
}

async function openMounts(
  rooms: Rooms,
  wanted: readonly MountRequest[],
  image: Root,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<RunMount[]> {
  const mounts: RunMount[] = [];
  for (const mount of wanted)
    switch (mount.kind) {
      case "bind": {
        const { target, source, readOnly, overlay } = mount;
        const upper =
          overlay === true ? { upper: await scratchDirectory(rooms.snapshots, cleanup) } : {};
        mounts.push({ kind: "host", target, path: source, readOnly, keep: true, ...upper });
        break;
      }
      case "device":
        mounts.push({ kind: "device", target: mount.target, path: mount.source });
        break;
      case "tmpfs":
        mounts.push({ ...mount, keep: true });
        break;
      case "volume":
        mounts.push(await openVolume(rooms, mount, image, cleanup, signal));
        break;
    }
  return mounts;
}

/** What does not come from the image. */
function settingsOf(
  request: RunImageRequest,
  hostname: string,
): Omit<RunRequest, "root" | "argv" | "env" | "cwd" | "user" | "mounts"> {
  return {
    hostname,
    hosts: hostsFile(hostname, resolveHosts(request.addHosts)),
    ...resolvConf(request.dns, request.network === "host"),
    network: request.network,
    security: "sandbox",
    limits: request.limits,
    ...defined({ shmSize: request.shmSize }),
    confinement: parseSecurityOptions(request.securityOptions, {
      cwd: request.cwd ?? process.cwd(),
    }),
    groups: request.groups,
    capAdd: request.capAdd,
    capDrop: request.capDrop,
    readOnly: request.readOnly,
    init: request.init,
    attach: { input: request.input, terminal: request.terminal },
  };
}

async function execute(
  { sandbox }: Rooms,
  request: RunImageRequest,
  { stopSignal }: Container,
  run: RunRequest,
): Promise<RunResult> {
  await using limit = new TimeLimit({
    stopSignal,
    stopTimeout: request.stopTimeout,
    ...defined({ milliseconds: request.timeout }),
  });
  const result = await sandbox.run(run, {
    onOutput: () => undefined,
    onStart: (send) => {
      limit.start(send);
      request.onStart({ send });
    },
    signal: AbortSignal.any([request.signal, limit.signal]),
  });
  limit.check();
  return result;
}

function resultOf(request: RunImageRequest, result: RunResult): RunImageResult {
  const { memory } = request.limits;
  return {
    exitCode: exitCodeOfResult(result),
    ...(result.outOfMemory === true && memory !== undefined ? { outOfMemory: memory } : {}),
  };
}
