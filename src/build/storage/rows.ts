// SPDX-License-Identifier: Apache-2.0
// A row of the inventory, and what of the store it stands for.

import type { Digest } from "../../oci/index.js";
import type { StorageRecord } from "../../prune/index.js";
import type { LayerDirId } from "../../sandbox/index.js";
import type { SnapshotId } from "../../snapshot/index.js";

/** What a row stands for, to whoever removes it. */
export type Holding =
  | { readonly kind: "state"; readonly id: SnapshotId; readonly cacheKeys: readonly string[] }
  /** A layer directory that no state uses: a draft, or something that nothing knows. */
  | { readonly kind: "directory"; readonly dir: LayerDirId }
  | {
      readonly kind: "blob";
      readonly digest: Digest;
      /** Records that speak of it, by table. */
      readonly records: readonly (readonly [table: string, key: string])[];
      /** Images that are kept without a name, and no longer when it goes. */
      readonly unnamed: readonly Digest[];
    }
  /** A named volume. */
  | { readonly kind: "volume"; readonly dir: LayerDirId; readonly name: string }
  | { readonly kind: "cache-mount"; readonly dir: LayerDirId; readonly keys: readonly string[] }
  /** Directories of the store itself. */
  | { readonly kind: "store" };

export interface Row extends StorageRecord {
  readonly holding: Holding;
}
