// SPDX-License-Identifier: Apache-2.0
// The verbs `remove` and `sync`: what concerns the store's directories as such.

import type { Field } from "./encode.js";
import { startHelper, type HelperConfig } from "./spawn.js";
import type { LayerDirId, StorePlace } from "./types.js";

/** Removes directories of the store, whoever owns what is in them. Missing ones are fine. */
export async function remove(
  config: HelperConfig,
  dirs: readonly LayerDirId[],
  signal: AbortSignal,
  place: StorePlace = "snapshots",
): Promise<void> {
  if (dirs.length === 0) return;
  const helper = startHelper(config, {
    verb: "remove",
    fields: [["place", place], ...dirs.map((id): Field => ["id", id])],
    signal,
  });
  await helper.done;
}

/** See Sandbox.sync. */
export async function sync(config: HelperConfig, signal: AbortSignal): Promise<void> {
  const helper = startHelper(config, { verb: "sync", fields: [], signal });
  helper.letGo();
  await helper.done;
}
