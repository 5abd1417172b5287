// SPDX-License-Identifier: Apache-2.0
// The caches outside the store that a request names.

import type { EventSink } from "../../base/index.js";
import {
  cacheSource,
  cacheTarget,
  parseCacheSpecs,
  type CacheServices,
  type CacheSpec,
  type CacheSource,
  type CacheTarget,
} from "../../cache/index.js";
import { layerWish, writeLayout } from "../../export/index.js";
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

/** Services of others, which cost time when they are missing, and nothing else. */
const notYet = new Set(["gha", "s3", "azblob"]);

/** Errors: CACHE_*, EXPORT_OPTION, BUILD_ARGUMENT. */
export function wantedCaches(
  { cacheFrom = [], cacheTo = [], cwd = process.cwd(), squash }: BuildRequest,
  buildArgs: ReadonlyMap<string, string>,
  events: EventSink,
): WantedCaches {
  const specsOf = (flag: string, texts: readonly string[]): CacheSpec[] =>
    texts
      .flatMap((text) => parseCacheSpecs(flag, text))
      .filter(({ type }) => {
        if (!notYet.has(type)) return true;
        const message = `${flag} type=${type} is not supported yet: the build goes on without`;
        events({ kind: "warning", message });
        return false;
      });
  const targets = specsOf("--cache-to", cacheTo).map((spec) => ({
    target: cacheTarget(spec, cwd),
    form: layerWish(spec.type, spec.attributes),
  }));
  const inline =
    targets.some(({ target }) => target === "inline") || isSet(buildArgs, "BUILDKIT_INLINE_CACHE");
  if (inline && squash !== undefined) {
    const message = "a squashed image has no layers of steps: it gets no inline cache";
    events({ kind: "warning", message });
  }
  return {
    sources: specsOf("--cache-from", cacheFrom).map((spec) => cacheSource(spec, cwd)),
    targets: targets.flatMap(({ target, form }) => (target === "inline" ? [] : [{ target, form }])),
    inline: inline && squash === undefined,
  };
}

export function cacheServices({ store, registry }: Rooms): CacheServices {
  return {
    store,
    registry,
    writeLayout: (path, manifest, blobs, signal) =>
      writeLayout(path, { blobs, entries: [manifest], texts: {} }, store, { signal }),
  };
}
