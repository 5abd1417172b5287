// SPDX-License-Identifier: Apache-2.0
// The caches outside the store that a request names.

import { messageOf, type EventSink } from "../../base/index.js";
import {
  cacheSource,
  cacheTarget,
  parseCacheSpecs,
  type CacheServices,
  type CacheSpec,
  type CacheSource,
  type CacheTarget,
} from "../../cache/index.js";
import { layerWish, tidyLayout, writeLayout } from "../../export/index.js";
import { isSet } from "../arguments.js";
import type { LayerForm } from "../layers.js";
import type { BuildRequest } from "../request.js";
import type { Rooms } from "../rooms.js";

export interface WantedTarget {
  readonly target: CacheTarget;
  readonly form: LayerForm;
}

export interface WantedCaches {
  readonly sources: readonly CacheSource[];
  readonly targets: readonly WantedTarget[];
  /** Images get the records of their own layers. */
  readonly inline: boolean;
}

/** Errors: CACHE_*, EXPORT_OPTION, BUILD_ARGUMENT. */
export function wantedCaches(
  { cacheFrom = [], cacheTo = [], cwd = process.cwd(), env = process.env, squash }: BuildRequest,
  buildArgs: ReadonlyMap<string, string>,
  events: EventSink,
): WantedCaches {
  const told = new Set<string>();
  const leaveOut = (message: string): void => {
    if (!told.has(message)) events({ kind: "warning", message });
    told.add(message);
  };
  const specsOf = (flag: string, texts: readonly string[]): CacheSpec[] =>
    texts.flatMap((text) => parseCacheSpecs(flag, text));
  const sources: CacheSource[] = [];
  for (const spec of specsOf("--cache-from", cacheFrom)) {
    const source = cacheSource(spec, { cwd, env });
    if ("absent" in source) leaveOut(source.absent);
    else sources.push(source);
  }
  const targets: WantedTarget[] = [];
  let inline = isSet(buildArgs, "BUILDKIT_INLINE_CACHE");
  for (const spec of specsOf("--cache-to", cacheTo)) {
    const target = cacheTarget(spec, { cwd, env });
    const form = layerWish(spec.type, spec.attributes);
    if (target === "inline") {
      inline = true;
      // Asked for in many workflows, where docker buildx says nothing and does as much.
      if (spec.attributes["mode"] === "max")
        leaveOut("an inline cache has the layers of the image only: mode=max is as mode=min");
    } else if ("absent" in target) leaveOut(target.absent);
    else targets.push({ target, form });
  }
  if (inline && squash !== undefined)
    leaveOut("a squashed image has no layers of steps: it gets no inline cache");
  return { sources, targets, inline: inline && squash === undefined };
}

export function cacheServices(
  { store, registry, connections }: Rooms,
  events: EventSink,
): CacheServices {
  return {
    store,
    registry,
    connections,
    writeLayout: (path, manifest, blobs, signal) =>
      writeLayout(path, { blobs, entries: [manifest], texts: {} }, store.blobs, { signal }),
    tidyLayout: async (path, signal) => {
      try {
        await tidyLayout(path, signal);
      } catch (error) {
        signal.throwIfAborted();
        const message = `what ${path} no longer needs was not removed: ${messageOf(error)}`;
        events({ kind: "warning", message });
      }
    },
  };
}
