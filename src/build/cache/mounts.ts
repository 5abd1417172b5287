// SPDX-License-Identifier: Apache-2.0
// The content of cache mounts as layers of a cache outside the store, so that a machine that comes up empty does not begin with
// empty ones.

import { messageOf } from "../../base/index.js";
import type { CachedLayer } from "../../cache/index.js";
import type { CacheMountOp, RunOp } from "../../plan/index.js";
import { cacheMountRoot, type LayerDirId } from "../../sandbox/index.js";
import type { CacheKey } from "../../solve/index.js";
import {
  cacheKey,
  cacheMountTable,
  sharedMountKey,
  type CacheMountRecord,
} from "../../steps/index.js";
import type { LayerPacker } from "../layers.js";
import type { SolvedBuild } from "./export.js";
import type { ImportedCaches } from "./import.js";

/** Of the commands of a plan. */
export class CacheMountLayers {
  readonly #build: Pick<SolvedBuild, "rooms" | "plan" | "solver" | "events" | "signal">;
  readonly #imported: ImportedCaches;
  readonly #namespace: string;

  constructor(
    build: Pick<SolvedBuild, "rooms" | "plan" | "solver" | "events" | "signal">,
    imported: ImportedCaches,
    namespace: string,
  ) {
    this.#build = build;
    this.#imported = imported;
    this.#namespace = namespace;
  }

  /** A mount that cannot be read is left out, with a warning: others may be changing it. */
  async pack(packer: LayerPacker): Promise<ReadonlyMap<CacheKey, readonly CachedLayer[]>> {
    const { plan, solver, events, signal } = this.#build;
    const mounts = new Map<string, CacheMountOp>();
    for (const vertex of plan.graph.values())
      for (const mount of vertex.kind === "run" ? (vertex.op as RunOp).mounts : [])
        if (mount.kind === "cache")
          mounts.set(await cacheKey(this.#namespace, vertex, mount, solver), mount);
    const layers = new Map<CacheKey, readonly CachedLayer[]>();
    for (const [own, { id }] of mounts) {
      const key = sharedMountKey(own);
      try {
        const layer = await this.#layer(packer, own, key);
        if (layer !== undefined) layers.set(key, [layer]);
      } catch (error) {
        signal.throwIfAborted();
        const message = `the cache mount ${id} is not exported: ${messageOf(error)}`;
        events({ kind: "warning", message });
      }
    }
    return layers;
  }

  /** Where the commands were not run here, what an imported cache has stays in the new one. */
  async #layer(packer: LayerPacker, own: string, key: CacheKey): Promise<CachedLayer | undefined> {
    const { rooms, signal } = this.#build;
    const { store, sandbox } = rooms;
    await using _lock = await store.lock(`cache-mount:${own}`, { signal });
    const table = store.table<CacheMountRecord>(cacheMountTable);
    const record = await store.hold((protect) => {
      const found = table.get(own);
      if (found !== undefined) protect(found.dir);
      return found;
    });
    if (record === undefined) return await this.#imported.layer(key);
    const root = cacheMountRoot(store.root, record.dir as LayerDirId);
    const tar = sandbox.diff({ root, mode: "tree" }, signal);
    return { ...(await packer.pack(tar)), createdAt: Date.now() };
  }
}
