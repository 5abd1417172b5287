// SPDX-License-Identifier: Apache-2.0
// Directories that take writes which nobody keeps.

import type { CleanupStack } from "../base/index.js";
import type { LayerDirId } from "../sandbox/index.js";
import type { Snapshots } from "./types.js";

/** A new, empty layer directory, which `cleanup` removes; if this process is killed, the next command does. */
export async function scratchDirectory(
  snapshots: Pick<Snapshots, "prepare" | "discard">,
  cleanup: CleanupStack,
): Promise<LayerDirId> {
  const draft = await snapshots.prepare(null);
  cleanup.defer(() => snapshots.discard(draft));
  return draft.dir;
}
