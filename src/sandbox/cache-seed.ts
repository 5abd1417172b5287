// SPDX-License-Identifier: Apache-2.0
// The first content of a cache mount: a layer directory that was made for it, or a copy of some tree in one, which the helper
// moves into the cache's place unless another step was faster.

import { existsSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TsbuildError, type CleanupStack } from "../base/index.js";
import { copy } from "./copy.js";
import type { Field } from "./encode.js";
import { remove } from "./remove.js";
import type { HelperConfig } from "./spawn.js";
import { openTree } from "./tree-reader.js";
import type { CopyOp, LayerDirId, Root, RunMount } from "./types.js";

type CacheMount = Extract<RunMount, { kind: "cache" }>;

/** The content of a cache mount, to be read. It is there once a step has had the mount. */
export function cacheMountRoot(
  storeRoot: string,
  dir: LayerDirId,
): Extract<Root, { kind: "directory" }> {
  return { kind: "directory", path: join(storeRoot, "cache-mounts", dir, "fs") };
}

async function copyOps(
  config: HelperConfig,
  seed: NonNullable<CacheMount["seed"]>,
  signal: AbortSignal,
): Promise<CopyOp[]> {
  await using tree = await openTree(config, seed.root, signal);
  const entries = await tree.list(seed.path);
  if (entries?.[0]?.type !== "dir")
    throw new TsbuildError(
      "SANDBOX_MOUNT_SOURCE",
      `${seed.path} is no directory that a cache could begin with`,
      {
        details: { path: seed.path },
      },
    );
  const from = (path: string): string => (path === "" ? seed.path : `${seed.path}/${path}`);
  return [
    { op: "target", path: "", as: "dir", name: "", parentMode: 0o755 },
    ...entries.slice(1).map(({ path }): CopyOp => ({
      op: "entry",
      from: from(path),
      to: path,
      follow: false,
      merge: "set",
    })),
  ];
}

/**
 * The field that names the first content, when there is some and the cache is new. A copy goes away with `cleanup` unless it
 * became the cache.
 * @throws SANDBOX_MOUNT_SOURCE when there is nothing to begin with.
 */
export async function seedFields(
  config: HelperConfig,
  mount: CacheMount,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<Field[]> {
  const { brought, seed, dir } = mount;
  if (existsSync(cacheMountRoot(config.storeRoot, dir).path)) return [];
  const content = await brought?.();
  if (content !== undefined) return [["mount-seed", content]];
  if (seed === undefined) return [];
  const ops = await copyOps(config, seed, signal);
  const id = `seed-${randomBytes(8).toString("hex")}` as LayerDirId;
  cleanup.defer(() => remove(config, [id], new AbortController().signal));
  await copy(
    config,
    {
      source: seed.root,
      destination: { kind: "stack", lowers: [], upper: id },
      owner: { kind: "keep" },
      madeTime: 0,
    },
    ops,
    signal,
  );
  return [["mount-seed", id]];
}
