// SPDX-License-Identifier: Apache-2.0
// A target's inputs as the builder takes them: paths that are relative to the working directory, and URLs.

import { linkedTarget } from "./links.js";
import { dockerfilePath, namedContextPath } from "./paths.js";
import type { BakeTarget } from "./types.js";

export interface BakeInputs {
  readonly context: string;
  /** Of no meaning with a Dockerfile that the target says itself (`dockerfileInline`). */
  readonly dockerfile: string;
  readonly contexts: ReadonlyMap<string, string>;
  /** The named contexts that are other targets, by the target. */
  readonly targets: ReadonlyMap<string, string>;
}

export function inputsOf(target: BakeTarget): BakeInputs {
  const contexts = new Map<string, string>();
  const targets = new Map<string, string>();
  for (const [name, context] of target.contexts ?? []) {
    const linked = linkedTarget(context);
    if (linked === undefined) contexts.set(name, namedContextPath(context));
    else targets.set(name, linked);
  }
  const dockerfile = dockerfilePath(target.dockerfile, target.context);
  return { context: target.context, dockerfile, contexts, targets };
}
