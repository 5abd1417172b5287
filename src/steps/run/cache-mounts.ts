// SPDX-License-Identifier: Apache-2.0
// Cache mounts: which directory of the store is whose, and what is in it when it is new.

import { createHash, randomBytes } from "node:crypto";
import type { CleanupStack, Json } from "../../base/index.js";
import type { CacheMountOp, RunOp } from "../../plan/index.js";
import type { LayerDirId, RunMount } from "../../sandbox/index.js";
import type { CacheKey, Result, Vertex } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import { bindSource, shownFiles } from "./bind.js";

/** The name of the table of cache mounts. */
export const cacheMountTable = "cache-mounts";

/** What is remembered of a cache mount. Times in milliseconds since the epoch. */
export interface CacheMountRecord {
  readonly dir: string;
  readonly id: string;
  readonly lastUsedAt: number;
  readonly createdAt?: number;
}

/** Locks `sharing=locked` caches in the order of their keys, whatever the order of the flags: steps cannot deadlock. */
export async function lockCaches(
  { store, run, definitions }: StepServices,
  vertex: Vertex,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set<string>();
  for (const mount of (vertex.op as RunOp).mounts)
    if (mount.kind === "cache" && mount.sharing === "locked")
      keys.add(await cacheKey(run.cacheNamespace, vertex, mount, definitions));
  for (const key of [...keys].sort())
    cleanup.use(await store.lock(`cache-mount:${key}`, { signal }));
}

/**
 * The key in {@link cacheMountTable} of one of a command's caches. Caches of one id but other owners, modes or seeds are different
 * caches. A seed is known by definition, so that the key is known without it.
 */
export async function cacheKey(
  namespace: string,
  vertex: Vertex,
  mount: CacheMountOp,
  definitions: StepServices["definitions"],
): Promise<string> {
  const { id, uid, gid, mode } = mount;
  const seed = await seedOf(vertex, mount, definitions);
  const identity = JSON.stringify([namespace, id, uid, gid, mode, ...seed]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 40);
}

/** What the cache begins with: a path of an input, or files of a context, whose digest is in the command's definition. */
async function seedOf(
  { id, inputs, op }: Vertex,
  mount: CacheMountOp,
  definitions: StepServices["definitions"],
): Promise<Json[]> {
  const { seed, path } = mount;
  if (seed === undefined) return [];
  const input = seed.from === "input" ? inputs[seed.index] : undefined;
  if (input !== undefined) return [(await definitions?.keyOf(input)) ?? "", path];
  const { binds } = (await definitions?.partsOf(id)) ?? {};
  const at = shownFiles(op as RunOp).findIndex(({ mount: shown }) => shown === mount);
  return [(binds as readonly Json[] | undefined)?.[at] ?? ""];
}

/** Under which a cache outside the store has the content of a cache mount. */
export function sharedMountKey(key: string): CacheKey {
  return createHash("sha256").update(`cache mount ${key}`).digest("hex");
}

/** The directory of a cache. One that is to be `fresh` is so once in a build: what a command puts there, later ones find. */
function directoryOf(
  services: StepServices,
  key: string,
  id: string,
  fresh: boolean,
): Promise<string> {
  const begun = services.freshCaches.get(key);
  if (begun !== undefined) return begun;
  const directory = findDirectory(services, key, id, fresh);
  if (fresh) services.freshCaches.set(key, directory);
  return directory;
}

/** Several that come to a new cache at once, in any processes, get one directory: whoever is first names it. */
async function findDirectory(
  { store }: StepServices,
  key: string,
  id: string,
  fresh: boolean,
): Promise<string> {
  const table = store.table<CacheMountRecord>(cacheMountTable);
  // Until nobody has taken it off the record between its being found and its being protected.
  for (;;) {
    const now = Date.now();
    const dir = await table.transaction((writer) => {
      const known = fresh ? undefined : writer.get(key);
      const dir = known?.dir ?? `c-${randomBytes(16).toString("hex")}`;
      writer.put(key, { dir, id, lastUsedAt: now, createdAt: known?.createdAt ?? now });
      return dir;
    });
    const held = await store.hold((protect) => {
      protect(dir);
      return table.get(key)?.dir === dir;
    });
    if (held) return dir;
  }
}

/** How long a private cache's holder is waited for before the next free directory is taken, in milliseconds. */
const privateWait = 20;

export async function cacheMount(
  services: StepServices,
  mount: CacheMountOp,
  use: {
    readonly vertex: Vertex;
    readonly inputs: readonly Result[];
    readonly cleanup: CleanupStack;
    readonly signal: AbortSignal;
  },
): Promise<RunMount> {
  const { run, snapshots, firstContent } = services;
  const { id, uid, gid, mode, readOnly, target } = mount;
  const fresh = use.vertex.noCache && mount.ownerGiven;
  const base = await cacheKey(run.cacheNamespace, use.vertex, mount, services.definitions);
  let key = base;
  if (mount.sharing === "private") key = await firstFree(services, base, use.cleanup, use.signal);
  const dir = await directoryOf(services, key, id, fresh);
  const brought = async (): Promise<LayerDirId | undefined> => {
    const draft = await firstContent?.(sharedMountKey(base));
    if (draft === undefined) return undefined;
    // Moved from there when it becomes the cache.
    use.cleanup.defer(() => snapshots.discard(draft));
    return draft.dir;
  };
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
    ...(fresh ? {} : { brought }),
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
