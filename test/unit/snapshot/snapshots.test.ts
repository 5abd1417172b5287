// SPDX-License-Identifier: Apache-2.0
// The records of states: lineage, drafts, sharing, removal, and what a crash or a restart leaves. The store is real; the
// sandbox only remembers what it was asked to remove.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { LayerDirId, Sandbox } from "#src/sandbox/index.js";
import {
  claimStrays,
  createSnapshots,
  draftTable,
  snapshotTable,
  takeOffRecord,
  type Snapshot,
  type SnapshotId,
  type Snapshots,
} from "#src/snapshot/index.js";
import { openStore, type Store } from "#src/store/index.js";

let root: string;
let store: Store;
let removed: LayerDirId[];
let synced: number;
let snapshots: Snapshots;

const sandbox = {
  remove: (dirs: readonly LayerDirId[]) => {
    removed.push(...dirs);
    return Promise.resolve();
  },
  sync: () => {
    synced++;
    return Promise.resolve();
  },
} as unknown as Sandbox;

async function open(): Promise<Snapshots> {
  return createSnapshots({ store, sandbox, signal: new AbortController().signal });
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "tsbuild-snapshots-"));
  store = await openStore({ root });
  removed = [];
  synced = 0;
  snapshots = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(root, { recursive: true });
});

async function state(parent: SnapshotId | null): Promise<Snapshot> {
  return snapshots.get(await snapshots.commit(await snapshots.prepare(parent)));
}

/** Takes states off the record as a prune does, as if this process held none of them. */
function takeOff(ids: readonly SnapshotId[]): Promise<ReturnType<typeof takeOffRecord>> {
  return store.collect((collection) =>
    takeOffRecord({ ...collection, leased: new Set() }, new Set(ids)),
  );
}

/** Gives the states that went. */
async function prune(ids: readonly SnapshotId[]): Promise<SnapshotId[]> {
  const { states, dirs } = await takeOff(ids);
  await snapshots.removeDirs(dirs);
  return [...states];
}

const code = (wanted: string) => (error: unknown) => isTsbuildError(error, wanted);

describe("lineage", () => {
  it("stacks directories from the bottom up", async () => {
    const one = await state(null);
    const two = await state(one.id);
    const three = await state(two.id);
    assert.deepEqual(snapshots.stackOf(three.id), [one.dir, two.dir, three.dir]);
    assert.deepEqual(
      snapshots.lineage(three.id).map(({ id }) => id),
      [one.id, two.id, three.id],
    );
    assert.deepEqual(snapshots.stackOf(null), []);
  });
  it("is the same for whoever opens the store next", async () => {
    const one = await state(null);
    const again = await open();
    assert.deepEqual(again.get(one.id).dir, one.dir);
    assert.deepEqual(removed, []);
  });
  it("does not know states that are gone", () => {
    const gone = "nowhere" as SnapshotId;
    assert.equal(snapshots.has(gone), false);
    assert.throws(() => snapshots.get(gone), code("SNAPSHOT_NOT_FOUND"));
  });
});

describe("shared directories", () => {
  it("make the same state of the same pair, and say that they are shared", async () => {
    const [base, other, link] = [await state(null), await state(null), await state(null)];
    const id = await snapshots.commitShared(base.id, link.dir);
    assert.equal(await snapshots.commitShared(base.id, link.dir), id);
    assert.notEqual(await snapshots.commitShared(other.id, link.dir), id);
    assert.equal(snapshots.get(id).shared, true);
    assert.deepEqual(snapshots.stackOf(id), [base.dir, link.dir]);
  });
  it("stand once in a stack, where they are uppermost", async () => {
    const [base, link] = [await state(null), await state(null)];
    const first = await snapshots.commitShared(base.id, link.dir);
    const between = await state(first);
    const second = await snapshots.commitShared(between.id, link.dir);
    assert.deepEqual(snapshots.stackOf(second), [base.dir, between.dir, link.dir]);
    assert.equal(snapshots.lineage(second).length, 4);
  });
  it("are removed with their last state", async () => {
    const [base, link] = [await state(null), await state(null)];
    const shared = await snapshots.commitShared(base.id, link.dir);
    await prune([link.id]);
    assert.deepEqual(removed, []);
    await prune([shared]);
    assert.deepEqual(removed, [link.dir]);
  });
});

describe("removal", () => {
  it("leaves a state alone that another stands on, and takes both together", async () => {
    const one = await state(null);
    const two = await state(one.id);
    assert.deepEqual(await prune([one.id]), []);
    assert.ok((await snapshots.hold(one.id)) && removed.length === 0);
    assert.deepEqual((await prune([one.id, two.id])).sort(), [one.id, two.id].sort());
    assert.deepEqual([...removed].sort(), [one.dir, two.dir].sort());
    assert.ok(!(await snapshots.hold(one.id)) && !(await snapshots.hold(two.id)));
  });
  it("leaves states alone that a lease protects, with all that they stand on", async () => {
    const one = await state(null);
    const two = await state(one.id);
    const { states } = await store.collect((collection) =>
      takeOffRecord({ ...collection, leased: new Set([two.id]) }, new Set([one.id, two.id])),
    );
    assert.equal(states.size, 0);
    assert.ok(await snapshots.hold(one.id));
  });
  it("goes on with the next command when it dies between the record and the directory", async () => {
    const one = await state(null);
    await takeOff([one.id]);
    assert.deepEqual(removed, []);
    await store.close();
    store = await openStore({ root });
    snapshots = await open();
    assert.deepEqual(removed, [one.dir]);
  });
  it("finds directories that nothing knows", async () => {
    const one = await state(null);
    const draft = await snapshots.prepare(null);
    const found = [one.dir, draft.dir, "stray" as LayerDirId];
    assert.deepEqual(await store.collect((collection) => claimStrays(collection, found)), [
      "stray",
    ]);
  });
  it("of a draft takes its directory away", async () => {
    const draft = await snapshots.prepare(null);
    await snapshots.discard(draft);
    assert.deepEqual(removed, [draft.dir]);
    assert.deepEqual([...store.table(draftTable).entries()], []);
  });
});

describe("what a crash leaves", () => {
  it("drafts of living builds are left alone, those of dead ones removed", async () => {
    const living = await snapshots.prepare(null);
    await store.table(draftTable).put("orphan", { begunAt: 0 });
    await open();
    assert.deepEqual(removed, ["orphan"]);
    assert.deepEqual(
      [...store.table(draftTable).entries()].map(([dir]) => dir),
      [living.dir],
    );
  });
  it("a state that is still on the list of drafts is a state", async () => {
    const one = await state(null);
    await store.table(draftTable).put(one.dir, { begunAt: 0 });
    await store.table(draftTable).put("orphan", { begunAt: 0 });
    assert.ok((await open()).has(one.id));
    assert.deepEqual(
      removed.filter((dir) => dir === one.dir),
      [],
    );
  });
});

describe("a restart of the machine", () => {
  /** As if everything so far had been before it. */
  async function restart(): Promise<void> {
    const table = store.table<Snapshot & { boot: string }>(snapshotTable);
    for (const [id, snapshot] of table.entries())
      await table.put(id, { ...snapshot, boot: "before" });
    await store.table("snapshot-boot").put("boot", "before");
    snapshots = await open();
  }
  it("ends the trust in states that were never settled, and in all that stands on them", async () => {
    const settled = await state(null);
    await snapshots.settle(Date.now() + 1, new AbortController().signal);
    assert.equal(synced, 1);
    const lost = await state(settled.id);
    const above = await state(lost.id);
    await restart();
    assert.deepEqual(
      [settled, lost, above].map(({ id }) => snapshots.has(id)),
      [true, false, false],
    );
    assert.deepEqual([...removed].sort(), [lost.dir, above.dir].sort());
  });
  it("leaves young states to the kernel, and to a later build", async () => {
    const begun = Date.now();
    await state(null);
    await snapshots.settle(begun, new AbortController().signal);
    assert.equal(synced, 0);
  });
  it("costs nothing when everything is settled already", async () => {
    await state(null);
    await snapshots.settle(Date.now() + 1, new AbortController().signal);
    await snapshots.settle(Date.now() + 1, new AbortController().signal);
    assert.equal(synced, 1);
    await restart();
    assert.deepEqual(removed, []);
  });
});
