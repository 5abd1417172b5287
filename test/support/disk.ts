// SPDX-License-Identifier: Apache-2.0
// What a store takes on the disk, by the system's own du.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** An ordinary user's store holds files of other ids, which only a user namespace may read. */
const prefix: readonly string[] =
  process.getuid?.() === 0 ? [] : ["unshare", "--user", "--map-root-user", "--map-auto"];

/** Bytes of a store's blobs, snapshots and cache mounts. */
export function bytesOnDisk(store: string): number {
  const places = ["oci/blobs", "snapshots", "cache-mounts"].map((name) => join(store, name));
  const [command = "", ...args] = [
    ...prefix,
    ...["du", "--summarize", "--total", "--block-size=1"],
    ...places.filter((place) => existsSync(place)),
  ];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return Number(/^(\d+)\ttotal$/m.exec(stdout)?.[1]);
}
