// SPDX-License-Identifier: Apache-2.0
// The verb `usage`: what the store's directories take on the disk.

import type { Field } from "./encode.js";
import { eventNumber, eventText } from "./events.js";
import { startHelper, type HelperConfig } from "./spawn.js";
import type { DiskUsage, LayerDirId, PlaceUsage, StorePlace } from "./types.js";

/** See Sandbox.usage. */
export async function usage(
  config: HelperConfig,
  place: StorePlace,
  dirs: readonly LayerDirId[] | "all",
  signal: AbortSignal,
): Promise<PlaceUsage> {
  const found = new Map<LayerDirId, DiskUsage>();
  let rest: DiskUsage = { bytes: 0, files: 0 };
  if (dirs.length === 0) return { dirs: found, rest };
  const wanted: Field[] = dirs === "all" ? [["all", true]] : dirs.map((id) => ["id", id]);
  const helper = startHelper(config, {
    verb: "usage",
    fields: [["place", place], ...wanted],
    signal,
    onEvent: (event) => {
      const used = { bytes: eventNumber(event, "bytes"), files: eventNumber(event, "files") };
      if (event.event === "usage") found.set(eventText(event, "id") as LayerDirId, used);
      if (event.event === "rest") rest = used;
    },
  });
  await helper.done;
  return { dirs: found, rest };
}
