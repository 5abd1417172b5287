// SPDX-License-Identifier: Apache-2.0
// A target's inputs as the builder takes them: paths that are relative to the working directory, and URLs.

import { TsbuildError } from "../base/index.js";
import { linkedTarget } from "./links.js";
import { dockerfilePath, isLocal, isRemote, namedContextPath, repositoryPath } from "./paths.js";
import type { BakeTarget } from "./types.js";

export interface BakeInputs {
  readonly context: string;
  /** Of no meaning with a Dockerfile that the target says itself (`dockerfileInline`). */
  readonly dockerfile: string;
  /** The Dockerfile is of this machine, and its context is not. */
  readonly apart: boolean;
  readonly contexts: ReadonlyMap<string, string>;
  /** The named contexts that are other targets, by the target. */
  readonly targets: ReadonlyMap<string, string>;
}

export function inputsOf(target: BakeTarget): BakeInputs {
  const contexts = new Map<string, string>();
  const targets = new Map<string, string>();
  for (const [name, context] of target.contexts ?? []) {
    const linked = linkedTarget(context);
    if (linked !== undefined) targets.set(name, linked);
    else if (target.repository === undefined) contexts.set(name, namedContextPath(context));
    else contexts.set(name, repositoryPath(target.repository, context));
  }
  const { context } = target;
  const dockerfile = dockerfilePath(target.dockerfile, context);
  const apart = isLocal(target.dockerfile) && isRemote(context);
  return { context, dockerfile, apart, contexts, targets };
}

/** A repository's Dockerfile needs a context of the repository: another file here of its name is not it. Throws BAKE_ATTRIBUTE. */
export function checkDockerfile(target: BakeTarget): void {
  const { name, repository, context, dockerfile, dockerfileInline } = target;
  if (repository === undefined || dockerfileInline !== undefined) return;
  if (isRemote(context) || isRemote(dockerfile) || isLocal(dockerfile)) return;
  throw new TsbuildError(
    "BAKE_ATTRIBUTE",
    `target ${name}: its context is here, and its Dockerfile ${dockerfile} in a repository`,
    {
      hint: `Write dockerfile = "cwd://${dockerfile}" for the one that is here.`,
      details: { target: name, attribute: "dockerfile" },
    },
  );
}
