// SPDX-License-Identifier: Apache-2.0
// Making the mounts of a RUN ready: sources opened, caches found and locked, secrets read. Disposing undoes it all.

import { assertNever, CleanupStack, TsbuildError } from "../../base/index.js";
import type { MountOp, RunOp, SecretMountOp, SshMountOp } from "../../plan/index.js";
import type { RunMount } from "../../sandbox/index.js";
import { scratchDirectory } from "../../snapshot/index.js";
import type { Result, Vertex } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import { bindSource } from "./bind.js";
import { cacheMount, lockCaches } from "./cache-mounts.js";

/** Mounts in order, and the environment that secrets add. */
export interface PreparedMounts extends AsyncDisposable {
  readonly mounts: readonly RunMount[];
  readonly env: readonly string[];
}

export async function prepareMounts(
  services: StepServices,
  vertex: Vertex,
  inputs: readonly Result[],
  signal: AbortSignal,
): Promise<PreparedMounts> {
  const cleanup = new CleanupStack();
  const env: string[] = [];
  const mounts: RunMount[] = [];
  const prepare = async (mount: MountOp): Promise<void> => {
    switch (mount.kind) {
      case "bind": {
        const { root, path } = await bindSource(services, mount, inputs, cleanup, signal);
        mounts.push({
          kind: "bind",
          target: mount.target,
          source: root,
          sourcePath: path,
          readOnly: mount.readOnly,
        });
        break;
      }
      case "cache":
        mounts.push(await cacheMount(services, mount, { vertex, inputs, cleanup, signal }));
        break;
      case "tmpfs":
        mounts.push(mount);
        break;
      case "secret":
        await secretMount(services, mount, mounts, env);
        break;
      case "ssh":
        await sshMount(services, mount, mounts, env);
        break;
      default:
        assertNever(mount);
    }
  };
  try {
    await lockCaches(services, vertex, cleanup, signal);
    for (const mount of (vertex.op as RunOp).mounts) await prepare(mount);
  } catch (error) {
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
  return { mounts, env, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
}

/** What every command has: `--volume`, `--mount`, `--device`. `cleanup` drops what was written to overlays. */
export async function givenMounts(
  { run, snapshots }: StepServices,
  cleanup: CleanupStack,
): Promise<RunMount[]> {
  return Promise.all(
    run.mounts.map(async (mount) =>
      mount.kind === "host" && mount.overlay
        ? { ...mount, upper: await scratchDirectory(snapshots, cleanup) }
        : mount,
    ),
  );
}

/** Secrets larger than this are refused, as elsewhere. */
const largestSecret = 500 * 1024;

async function secretMount(
  services: StepServices,
  mount: SecretMountOp,
  mounts: RunMount[],
  env: string[],
): Promise<void> {
  const bytes = await services.remotes.secret(mount.id);
  if (bytes === undefined) {
    if (!mount.required) return;
    throw new TsbuildError("STEPS_SECRET_MISSING", `secret ${mount.id}: not found`, {
      hint: `Pass it with --secret id=${mount.id},src=FILE or --secret id=${mount.id},env=NAME.`,
    });
  }
  if (bytes.byteLength > largestSecret)
    throw new TsbuildError(
      "STEPS_SECRET_TOO_LARGE",
      `secret ${mount.id}: more than ${largestSecret} bytes`,
    );
  const { target, mode, uid, gid } = mount;
  if (mount.env !== undefined) env.push(`${mount.env}=${Buffer.from(bytes).toString("utf8")}`);
  if (target !== undefined) mounts.push({ kind: "file", target, bytes, mode, uid, gid });
}

async function sshMount(
  services: StepServices,
  mount: SshMountOp,
  mounts: RunMount[],
  env: string[],
): Promise<void> {
  const path = await services.remotes.agentSocket(mount.id);
  if (path === undefined) {
    if (!mount.required) return;
    throw new TsbuildError("STEPS_SSH_MISSING", `ssh agent ${mount.id}: not found`, {
      hint: `Pass it with --ssh ${mount.id === "default" ? "default" : `${mount.id}=SOCKET|KEY`}.`,
    });
  }
  const { target, mode, uid, gid } = mount;
  mounts.push({ kind: "socket", target, path, mode, uid, gid });
  if (!env.some((line) => line.startsWith("SSH_AUTH_SOCK="))) env.push(`SSH_AUTH_SOCK=${target}`);
}
