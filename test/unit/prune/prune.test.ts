// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  bytesToKeep,
  gcLimits,
  gcPolicies,
  parseDuration,
  parseFilters,
  parseSize,
  selectForAll,
  selectForRemoval,
  type PrunePolicy,
  type StorageRecord,
} from "#src/prune/index.js";

const hour = 3_600_000;
const now = 1_000 * hour;

/** A row that can go, last used so many hours ago. */
function row(id: string, hoursAgo: number, rest: Partial<StorageRecord> = {}): StorageRecord {
  return {
    id,
    type: "regular",
    bytes: 10,
    createdAt: now - hoursAgo * hour,
    lastUsedAt: now - hoursAgo * hour,
    inUse: false,
    shared: false,
    reclaimable: true,
    mutable: false,
    description: `row ${id}`,
    parents: [],
    ...rest,
  };
}

const everything: PrunePolicy = { all: false, matches: () => true };
const roomy = { total: 1000, free: 500 };

function selected(rows: readonly StorageRecord[], policy: Partial<PrunePolicy> = {}): string[] {
  return selectForRemoval(rows, { ...everything, ...policy }, roomy, now).map(({ id }) => id);
}

describe("selectForRemoval", () => {
  it("takes everything that can go, oldest first", () => {
    assert.deepEqual(selected([row("young", 1), row("old", 9), row("middle", 5)]), [
      "old",
      "middle",
      "young",
    ]);
  });
  it("leaves named volumes, whatever else is asked for, unless they are asked for", () => {
    const rows = [
      row("volume", 9, { type: "volume", bytes: 500 }),
      row("other", 5, { bytes: 500 }),
    ];
    assert.deepEqual(selected(rows, { all: true }), ["other"]);
    assert.deepEqual(selected(rows, { matches: ({ type }) => type === "volume" }), []);
    assert.deepEqual(selected(rows, { volumes: true }), ["volume", "other"]);
    const limits = gcLimits({}, { total: 1000, free: 0 });
    assert.ok(limits !== undefined);
    const gone = selectForAll(rows, gcPolicies(limits), { total: 1000, free: 0 }, now);
    assert.deepEqual(
      gone.map(({ id }) => id),
      ["other"],
    );
  });
  it("leaves what is not reclaimable, and what that stands on", () => {
    const rows = [
      row("bottom", 9),
      row("top", 5, { parents: ["bottom"], reclaimable: false, inUse: true }),
      row("other", 7),
    ];
    assert.deepEqual(selected(rows), ["other"]);
  });
  it("takes what stands on something before it, when both were used at the same time", () => {
    const rows = [row("a", 5), row("b", 5, { parents: ["a"] }), row("c", 5, { parents: ["b"] })];
    assert.deepEqual(selected(rows), ["c", "b", "a"]);
  });
  it("leaves what stands below a row that the filter leaves", () => {
    const rows = [row("a", 5), row("b", 5, { parents: ["a"] })];
    assert.deepEqual(selected(rows, { matches: ({ id }) => id === "a" }), []);
    assert.deepEqual(selected(rows, { matches: ({ id }) => id === "b" }), ["b"]);
  });
  it("takes what is internal only when asked for all", () => {
    const rows = [row("a", 5, { type: "internal" })];
    assert.deepEqual(selected(rows), []);
    assert.deepEqual(selected(rows, { all: true }), ["a"]);
  });
  it("spares what was used within the time to keep", () => {
    const rows = [row("new", 1), row("old", 30)];
    assert.deepEqual(selected(rows, { keepDuration: 24 * hour }), ["old"]);
  });
  it("stops as soon as no more than the limit is used", () => {
    const rows = [row("a", 9), row("b", 8), row("c", 7)];
    assert.deepEqual(selected(rows, { maxUsedSpace: 25 }), ["a"]);
    assert.deepEqual(selected(rows, { maxUsedSpace: 30 }), []);
    assert.deepEqual(selected(rows, { reservedSpace: 10 }), ["a", "b"]);
  });
  it("does not count what named images need", () => {
    const named = row("named", 9, { shared: true, reclaimable: false, bytes: 1000 });
    assert.deepEqual(selected([named, row("a", 9), row("b", 8)], { maxUsedSpace: 15 }), ["a"]);
  });
  it("goes through long lineages", () => {
    const rows = Array.from({ length: 2000 }, (_, i) =>
      row(`s${i}`, 5, { parents: i === 0 ? [] : [`s${i - 1}`] }),
    );
    assert.deepEqual(selected(rows).slice(0, 2), ["s1999", "s1998"]);
  });
});

describe("bytesToKeep", () => {
  const of = (policy: Partial<PrunePolicy>, used: number, free: number): number =>
    bytesToKeep({ ...everything, ...policy }, used, { total: 1000, free });
  it("is nothing without limits, the reserve with one, and the maximum with one", () => {
    assert.equal(of({}, 100, 0), 0);
    assert.equal(of({ reservedSpace: 30 }, 100, 0), 30);
    assert.equal(of({ maxUsedSpace: 40 }, 100, 0), 40);
  });
  it("is less when the disk is too full, but never below the reserve", () => {
    assert.equal(of({ minFreeSpace: 50 }, 100, 60), Infinity);
    assert.equal(of({ minFreeSpace: 50 }, 100, 20), 70);
    assert.equal(of({ minFreeSpace: 50, maxUsedSpace: 60 }, 100, 20), 60);
    assert.equal(of({ minFreeSpace: 50, reservedSpace: 80 }, 100, 20), 80);
    assert.equal(of({ minFreeSpace: 500 }, 100, 0), 0);
  });
});

describe("parseFilters", () => {
  const matches = (filters: readonly string[], record: StorageRecord): boolean =>
    parseFilters(filters).matches(record);
  it("knows is, is not, matches, and yes-or-no keys; all of them must hold", () => {
    const record = row("abcdef", 1, { type: "image", shared: true, parents: ["base"] });
    for (const filter of [
      ...["type=image", "type==image", "type!=regular", "type~=^im", "id=cde", "id==abcdef"],
      ...["shared", "shared=true", "private=false", "inuse=false", "inuse!=true", "immutable"],
      ...["description~=row .*f$", "parents=base", "description=row abcdef", "reclaimable=1"],
    ])
      assert.ok(matches([filter], record), filter);
    for (const filter of [
      ...["type=regular", "type!=image", "id=xyz", "id==cde", "private", "inuse", "mutable=true"],
      ...["description=row", "parents=other", "shared!=true"],
    ])
      assert.ok(!matches([filter], record), filter);
    assert.ok(!matches(["type=image", "inuse"], record));
    assert.ok(matches([], record));
  });
  it("understands until as a time to keep", () => {
    assert.equal(parseFilters(["until=24h", "shared"]).keepDuration, 24 * hour);
  });
  it("refuses what it does not know, and guesses what was meant", () => {
    for (const filter of [
      ...[
        "nonsense=1",
        "type",
        "type=imag",
        "until",
        "until=yesterday",
        "inuse=maybe",
        "id~=(",
        "",
      ],
    ])
      assert.throws(
        () => parseFilters([filter]),
        (error) => isTsbuildError(error, "PRUNE_FILTER") && error.details["filter"] === filter,
        filter,
      );
    assert.throws(() => parseFilters(["tpye=image"]), /did you mean type/);
  });
});

describe("quantities", () => {
  it("durations have units, which may be combined", () => {
    assert.equal(parseDuration("90m"), 1.5 * hour);
    assert.equal(parseDuration("1h30m"), 1.5 * hour);
    assert.equal(parseDuration("1.5h"), 1.5 * hour);
    assert.equal(parseDuration("2d"), 48 * hour);
    assert.equal(parseDuration("0"), 0);
    for (const wrong of ["", "5", "h", "1h5", "-1h", "1y"])
      assert.equal(parseDuration(wrong), undefined);
  });
  it("sizes have units of 1024, or are a share of the disk", () => {
    assert.equal(parseSize("65536"), 65536);
    assert.equal(parseSize("1.5k"), 1536);
    assert.equal(parseSize("2GiB"), 2 * 1024 ** 3);
    assert.equal(parseSize("10%", 1000), 100);
    for (const wrong of ["", "%", "10%", "1x", "-1"]) assert.equal(parseSize(wrong), undefined);
  });
});

describe("automatic removal", () => {
  const disk = { total: 50e9, free: 25e9 };
  it("has limits that follow from the disk, and from the environment", () => {
    assert.deepEqual(gcLimits({}, disk), {
      reservedSpace: 5e9,
      maxUsedSpace: 40e9,
      minFreeSpace: 10e9,
      keepDuration: 60 * 24 * hour,
      interval: 60_000,
    });
    const big = gcLimits({}, { total: 1e12, free: 1e11 });
    assert.deepEqual([big?.reservedSpace, big?.maxUsedSpace], [10e9, 100e9]);
    const set = gcLimits(
      { TSBUILD_GC_MAX_USED_SPACE: "50%", TSBUILD_GC_KEEP_DURATION: "1h" },
      disk,
    );
    assert.deepEqual([set?.maxUsedSpace, set?.keepDuration], [25e9, hour]);
  });
  it("is switched off by TSBUILD_GC=0, and refuses settings that it does not understand", () => {
    assert.equal(gcLimits({ TSBUILD_GC: "0" }, disk), undefined);
    assert.throws(
      () => gcLimits({ TSBUILD_GC_MIN_FREE_SPACE: "lots" }, disk),
      (error) => isTsbuildError(error, "PRUNE_SETTING"),
    );
  });
  it("takes short-lived things first, then what is old, then what is too much", () => {
    const limits = {
      reservedSpace: 0,
      maxUsedSpace: 2e9,
      minFreeSpace: 0,
      keepDuration: 1000 * hour,
      interval: 0,
    };
    const of = (rows: readonly StorageRecord[]): string[] =>
      selectForAll(rows, gcPolicies(limits), disk, now).map(({ id }) => id);
    const mount = (id: string, hoursAgo: number): StorageRecord =>
      row(id, hoursAgo, { type: "exec.cachemount", bytes: 400e6, mutable: true });
    assert.deepEqual(of([mount("fresh", 1), mount("stale", 50), row("step", 60)]), ["stale"]);
    assert.deepEqual(of([row("ancient", 1001), row("step", 999)]), ["ancient"]);
    const large = (id: string, hoursAgo: number): StorageRecord =>
      row(id, hoursAgo, { bytes: 1e9 });
    assert.deepEqual(of([large("a", 9), large("b", 8), large("c", 7)]), ["a"]);
  });
});
