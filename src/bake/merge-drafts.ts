// SPDX-License-Identifier: Apache-2.0
// Targets of the same name, which several files or blocks say, as one.

import { defined } from "../base/index.js";
import { mergeAttributes } from "./attributes.js";
import type { TargetDraft } from "./types.js";

/** In the order in which the names come first. */
export function mergeDrafts(drafts: readonly TargetDraft[]): readonly TargetDraft[] {
  const merged = new Map<string, TargetDraft>();
  for (const draft of drafts) {
    const before = merged.get(draft.name);
    merged.set(draft.name, before === undefined ? draft : merge(before, draft));
  }
  return [...merged.values()];
}

function merge(earlier: TargetDraft, later: TargetDraft): TargetDraft {
  const context = later.attributes.context === undefined ? earlier : later;
  const directory = later.directory ?? earlier.directory;
  const contexts = new Map(earlier.contextDirectories);
  for (const name of later.attributes.contexts?.keys() ?? []) {
    const own = later.contextDirectories?.get(name);
    if (own === undefined) contexts.delete(name);
    else contexts.set(name, own);
  }
  return {
    name: earlier.name,
    attributes: mergeAttributes(earlier.attributes, later.attributes),
    ...defined({
      directory,
      contextDirectory: context.contextDirectory,
      contextOf: context.contextOf,
    }),
    contextDirectories: contexts,
  };
}
