// SPDX-License-Identifier: Apache-2.0
// Paths that are relative to the file that says them, made relative to the working directory.

import { defined } from "../base/index.js";
import { rebased } from "./paths.js";
import type { TargetDraft } from "./types.js";

/** The targets with such paths, or, unless they are asked for, without a directory of their own. */
export function withPaths(
  drafts: readonly TargetDraft[],
  relativeToFiles: boolean,
): readonly TargetDraft[] {
  if (!relativeToFiles) return drafts.map(({ name, attributes }) => ({ name, attributes }));
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  return drafts.map((draft) => {
    const { name, attributes, directory } = draft;
    const { context, contexts } = attributes;
    return {
      name,
      ...defined({ directory }),
      attributes: {
        ...attributes,
        ...(context === undefined ? {} : { context: rebased(base(draft, byName), context) }),
        ...(contexts === undefined
          ? {}
          : {
              contexts: new Map(
                [...contexts].map(([key, path]) => [
                  key,
                  rebased(draft.contextDirectories?.get(key), path),
                ]),
              ),
            }),
      },
    };
  });
}

function base(draft: TargetDraft, byName: ReadonlyMap<string, TargetDraft>): string | undefined {
  const other = draft.contextOf === undefined ? undefined : byName.get(draft.contextOf);
  if (other === undefined) return draft.contextDirectory;
  return other.contextDirectory ?? other.directory;
}
