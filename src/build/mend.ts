// SPDX-License-Identifier: Apache-2.0
// Builds that find the store damaged: a blob that was not what its digest says has been set aside, and what stands on a layer that
// is gone, or was none, is forgotten here. Then the build can begin again, and makes or fetches what is missing.

import { isTsbuildError, messageOf, type EventSink } from "../base/index.js";
import type { LayerDirId } from "../sandbox/index.js";
import type { Snapshots } from "../snapshot/index.js";
import type { BuildRequest } from "./request.js";

/** What one build has found damaged so far. */
export class Mending {
  readonly #request: BuildRequest;
  readonly #events: EventSink;
  readonly #found = new Set<unknown>();
  readonly #unusable = new Set<string>();

  constructor(request: BuildRequest, events: EventSink) {
    this.#request = request;
    this.#events = events;
  }

  /** Digests of layers that are not to be taken from caches again. */
  get unusable(): ReadonlySet<string> {
    return this.#unusable;
  }

  /** Whether the build may begin again after this failure: each damage is mended once. */
  async mend(failure: unknown, snapshots: Snapshots): Promise<boolean> {
    const isUnusable = isTsbuildError(failure, "SNAPSHOT_UNUSABLE");
    if (isUnusable) this.#unusable.add(String(failure.details["digest"]));
    if (isUnusable || isTsbuildError(failure, "SANDBOX_NO_LAYER"))
      await snapshots.forget(failure.details["path"] as LayerDirId);
    else if (!isTsbuildError(failure, "STORE_CORRUPT")) return false;
    const what = failure.details["digest"] ?? failure.details["path"];
    if (this.#found.has(what) || usesStandardStreams(this.#request)) return false;
    this.#found.add(what);
    this.#events({ kind: "warning", message: `${messageOf(failure)}; the build begins again` });
    return true;
  }
}

/** What was read from standard input, or written to standard output, cannot be read or written a second time. */
function usesStandardStreams({ context, file, outputs = [] }: BuildRequest): boolean {
  return (
    context === "-" || file === "-" || outputs.some((text) => /^-$|(?:^|,)dest=-(?:,|$)/.test(text))
  );
}
