// SPDX-License-Identifier: Apache-2.0
// Volumes of containers. Named ones are kept in the store until they are pruned; the others go with their container, and are
// drafts for as long, so that the next command removes those of a process that was killed.

import { randomBytes } from "node:crypto";
import type { CleanupStack } from "../../base/index.js";
import type { CopyOp, LayerDirId, Root, RunMount, TreeEntry } from "../../sandbox/index.js";
import type { MountRequest } from "../../run/index.js";
import { scratchDirectory } from "../../snapshot/index.js";
import type { Rooms } from "../rooms.js";
import { volumeTable, type VolumeRecord } from "../storage/volume-records.js";

type VolumeRequest = Extract<MountRequest, { kind: "volume" }>;

/** Makes a volume ready. `image`: the root that the container begins with; a new volume begins with what is in it there. */
export async function openVolume(
  rooms: Rooms,
  request: VolumeRequest,
  image: Root,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<RunMount> {
  const entries = request.copy ? await entriesAt(rooms, image, request.target, signal) : [];
  return request.name === undefined
    ? ownVolume(rooms, request, image, entries, cleanup, signal)
    : namedVolume(rooms, request, request.name, image, entries);
}

/** A directory of the image and all that is in it; nothing when there is something else, or nothing. */
async function entriesAt(
  { sandbox }: Rooms,
  image: Root,
  path: string,
  signal: AbortSignal,
): Promise<readonly TreeEntry[]> {
  await using tree = await sandbox.openTree(image, signal);
  if ((await tree.stat(path, true))?.type !== "dir") return [];
  return (await tree.list(path)) ?? [];
}

async function ownVolume(
  { sandbox, snapshots }: Rooms,
  { target, readOnly }: VolumeRequest,
  image: Root,
  entries: readonly TreeEntry[],
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<RunMount> {
  const upper = await scratchDirectory(snapshots, cleanup);
  const source = { kind: "stack", lowers: [], upper } as const;
  // Even without entries: this makes the directory.
  await sandbox.copy(
    { source: image, destination: source, owner: { kind: "keep" }, madeTime: 0 },
    [
      { op: "target", path: "/", as: "dir", name: "", parentMode: 0o755 },
      ...entries.map(({ path }): CopyOp => ({
        op: "entry",
        from: path === "" ? target : `${target}/${path}`,
        to: path,
        follow: path === "",
        merge: "set",
      })),
    ],
    signal,
  );
  return { kind: "bind", target, source, sourcePath: "", readOnly, keep: true };
}

async function namedVolume(
  { store }: Rooms,
  { target, readOnly }: VolumeRequest,
  name: string,
  image: Root,
  entries: readonly TreeEntry[],
): Promise<RunMount> {
  const table = store.table<VolumeRecord>(volumeTable);
  const made = `v-${randomBytes(16).toString("hex")}`;
  let dir = "";
  // Until nobody can prune it any more between its being found and its being protected.
  for (let held = false; !held;) {
    const now = Date.now();
    dir = await table.transaction((writer) => {
      const record = writer.get(name) ?? { dir: made, createdAt: now };
      writer.put(name, { ...record, lastUsedAt: now });
      return record.dir;
    });
    held = await store.hold((protect) => {
      protect(dir);
      return table.get(name)?.dir === dir;
    });
  }
  const [top] = entries;
  return {
    kind: "cache",
    target,
    dir: dir as LayerDirId,
    sourcePath: "/",
    readOnly,
    keep: true,
    mode: top?.mode ?? 0o755,
    uid: top?.uid ?? 0,
    gid: top?.gid ?? 0,
    ...(top === undefined ? {} : { seed: { root: image, path: target } }),
  };
}
