// SPDX-License-Identifier: Apache-2.0
// What `tsbuild du` says is in the store of a workspace.

import type { Workspace } from "./runner.js";

/** A row of `tsbuild du --format json`. */
export interface StoreRecord {
  readonly id: string;
  readonly type: string;
  readonly size: number;
  readonly inUse: boolean;
  readonly shared: boolean;
  readonly reclaimable: boolean;
  readonly description: string;
}

/** The rows that pass all filters. */
export async function records(
  space: Workspace,
  ...filters: readonly string[]
): Promise<StoreRecord[]> {
  const flags = filters.flatMap((filter) => ["--filter", filter]);
  const { stdout } = await space.succeed(["du", "--format", "json", ...flags]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as StoreRecord);
}
