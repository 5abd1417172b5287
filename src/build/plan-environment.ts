// SPDX-License-Identifier: Apache-2.0
// What the planner asks of the outside: images by reference and named contexts, opened when they are first used.

import { assertNever, TsbuildError } from "../base/index.js";
import {
  findNamedContext,
  openNamedContext,
  type ContextEnvironment,
  type NamedContexts,
} from "../context/index.js";
import { formatPlatform, type Platform } from "../oci/index.js";
import type { NamedContext, PlanEnvironment } from "../plan/index.js";
import type { SourcePolicy } from "../policy/index.js";
import type { ContextTrees, ImageResolver } from "../steps/index.js";
import { remoteSource } from "./source-policy.js";

/** Gives the environment of a plan whose images are found so; what one plan has opened, the next ones have, too. */
export function planEnvironment(
  trees: ContextTrees,
  named: NamedContexts,
  policy: SourcePolicy | undefined,
  environment: ContextEnvironment,
  cleanup: { use<T extends AsyncDisposable>(resource: T): T },
): (images: Pick<ImageResolver, "reference" | "layout">) => PlanEnvironment {
  const added = new Set<string>();
  return (images) => ({
    ...(policy === undefined
      ? {}
      : { remoteSource: (kind, source) => remoteSource(policy, kind, source) }),
    resolveImage: (reference, platform) => images.reference(reference, platform),
    async namedContext(name: string, platform: Platform): Promise<NamedContext | undefined> {
      const found = findNamedContext(named, name, formatPlatform(platform));
      if (found === undefined) return undefined;
      switch (found.kind) {
        case "image":
          if (found.reference === "scratch") return { kind: "scratch" };
          return { kind: "image", image: await images.reference(found.reference, platform) };
        case "oci-layout":
          return { kind: "image", image: await images.layout(found.directory, found, platform) };
        case "target":
          throw new TsbuildError(
            "BUILD_UNSUPPORTED",
            `--build-context ${name}=target:${found.stage} is not supported`,
            {
              hint: "Other targets are known to bake files only: name the stage in the Dockerfile.",
            },
          );
        case "directory":
        case "git":
        case "http":
          if (!added.has(name)) {
            added.add(name);
            trees.add(name, async () => {
              const opened = cleanup.use(await openNamedContext(found, environment));
              return {
                tree: opened.tree,
                rules: opened.ignore,
                label: `the build context ${name}`,
              };
            });
          }
          return { kind: "tree", name };
        default:
          return assertNever(found);
      }
    },
  });
}
