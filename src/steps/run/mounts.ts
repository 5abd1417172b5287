// SPDX-License-Identifier: Apache-2.0
// Making the mounts of a RUN ready: sources opened, caches found and locked, secrets read. Disposing undoes it all.

import { createHash, randomBytes } from "node:crypto";
import { assertNever, CleanupStack, TsbuildError } from "../../base/index.js";
import type { CacheMountOp, MountOp, RunOp, SecretMountOp, SshMountOp } from "../../plan/index.js";
import type { LayerDirId, RunMount } from "../../sandbox/index.js";
import type { Result, Vertex } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import { bindSource } from "./bind.js";

/** Mounts in order, and the environment that secrets add. */
export interface PreparedMounts extends AsyncDisposable {
  readonly mounts: readonly RunMount[];
  readonly env: readonly string[];
}

/** The name of the table of cache mounts. */
export const cacheMountTable = "cache-mounts";

/** What is remembered of a cache mount. Times in milliseconds since the epoch. */
export interface CacheMountRecord {
  readonly dir: string;
  readonly id: string;
  readonly lastUsedAt: number;
  readonly createdAt?: number;
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
        mounts.push(
          await cacheMount(services, mount, {
            inputs,
            cleanup,
            signal,
            fresh: vertex.noCache && mount.ownerGiven,
          }),
        );
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
    await lockCaches(services, (vertex.op as RunOp).mounts, cleanup, signal);
    for (const mount of (vertex.op as RunOp).mounts) await prepare(mount);
  } catch (error) {
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
  return { mounts, env, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
}

/** Locks `sharing=locked` caches in the order of their keys, whatever the order of the flags: steps cannot deadlock. */
async function lockCaches(
  { store, run }: StepServices,
  mounts: readonly MountOp[],
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<void> {
  const locked = mounts
    .filter((mount) => mount.kind === "cache")
    .filter(({ sharing }) => sharing === "locked");
  const keys = new Set(locked.map((mount) => cacheKey(run.cacheNamespace, mount)));
  for (const key of [...keys].sort())
    cleanup.use(await store.lock(`cache-mount:${key}`, { signal }));
}

/** Caches of one id but other owners or modes are different caches. */
function cacheKey(namespace: string, { id, uid, gid, mode }: CacheMountOp): string {
  const identity = JSON.stringify([namespace, id, uid, gid, mode]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 40);
}

/** How long a private cache's holder is waited for before the next free directory is taken, in milliseconds. */
const privateWait = 20;

async function cacheMount(
  services: StepServices,
  mount: CacheMountOp,
  use: {
    readonly inputs: readonly Result[];
    readonly cleanup: CleanupStack;
    readonly signal: AbortSignal;
    readonly fresh: boolean;
  },
): Promise<RunMount> {
  const { store, run } = services;
  const { id, uid, gid, mode, readOnly, target } = mount;
  const base = cacheKey(run.cacheNamespace, mount);
  let key = base;
  if (mount.sharing === "private") key = await firstFree(services, base, use.cleanup, use.signal);
  const table = store.table<CacheMountRecord>(cacheMountTable);
  const made = `c-${randomBytes(16).toString("hex")}`;
  const known = await store.hold((protect) => {
    const record = use.fresh ? undefined : table.get(key);
    protect(record?.dir ?? made);
    return record;
  });
  const dir = known?.dir ?? made;
  const now = Date.now();
  await table.put(key, { dir, id, lastUsedAt: now, createdAt: known?.createdAt ?? now });
  const seed =
    mount.seed === undefined
      ? {}
      : {
          seed: await bindSource(
            services,
            { source: mount.seed, path: mount.path, readOnly: true },
            use.inputs,
            use.cleanup,
            use.signal,
          ),
        };
  return {
    kind: "cache",
    target,
    dir: dir as LayerDirId,
    sourcePath: mount.seed === undefined ? mount.path : "/",
    readOnly,
    mode,
    uid,
    gid,
    ...seed,
  };
}

async function firstFree(
  services: StepServices,
  base: string,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<string> {
  for (let i = 0; ; i++) {
    const key = i === 0 ? base : `${base}-${i}`;
    const impatient = AbortSignal.any([signal, AbortSignal.timeout(privateWait)]);
    try {
      cleanup.use(await services.store.lock(`cache-mount:${key}`, { signal: impatient }));
      return key;
    } catch (error) {
      signal.throwIfAborted();
      if (!impatient.aborted) throw error;
    }
  }
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
