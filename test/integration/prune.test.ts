// SPDX-License-Identifier: Apache-2.0
// du and prune on real stores: to the byte, beside running builds, and after being killed.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "#src/store/index.js";
import { bytesOnDisk } from "../support/disk.js";
import { baseContexts, workspace, type RunOptions, type Workspace } from "../support/runner.js";
import { records, type StoreRecord } from "../support/store-records.js";
import { makeTree } from "../support/tree.js";

const dockerfile = `
FROM busybox AS build
ARG WHICH=0
RUN --mount=type=cache,target=/cache echo "$WHICH" > /made && echo "$WHICH" >> /cache/log
COPY . /src
FROM busybox
WORKDIR /app
COPY --link --from=build /made /src/ ./
RUN test -s made && ln made again && cat again
`;

/** A workspace with a context in it. */
function prepared(): Workspace {
  const space = workspace();
  makeTree(join(space.directory, "context"), { Dockerfile: dockerfile, "some/file": "text" });
  return space;
}

const noGc: RunOptions = { env: { TSBUILD_GC: "0" } };

async function build(
  space: Workspace,
  args: readonly string[],
  options: RunOptions = noGc,
): Promise<string> {
  const { stdout } = await space.succeed(
    ["build", "--quiet", ...baseContexts("busybox"), ...args, "context"],
    options,
  );
  return stdout;
}

async function prune(space: Workspace, ...args: readonly string[]): Promise<void> {
  await space.succeed(["prune", "--force", ...args]);
}

const sum = (rows: readonly StoreRecord[]): number =>
  rows.reduce((total, { size }) => total + size, 0);

/** Only the directories of the store and what named images need. */
async function assertNothingReclaimable(space: Workspace): Promise<void> {
  const left = await records(space);
  assert.deepEqual(
    left.filter(({ shared, id }) => !shared && id !== "store"),
    [],
  );
  assert.equal(sum(left), bytesOnDisk(space.store));
  for (const place of ["snapshots", "cache-mounts"])
    assert.deepEqual(readdirSync(join(space.store, place)), [], place);
}

describe("du", () => {
  it("adds up to what the disk says, and tells types, uses and names", async () => {
    await using space = prepared();
    await build(space, ["--tag", "named:1"]);
    await build(space, ["--build-arg", "WHICH=1"]);
    const rows = await records(space);
    assert.equal(sum(rows), bytesOnDisk(space.store));
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
    const types = new Set(rows.map(({ type }) => type));
    assert.deepEqual([...types].sort(), ["exec.cachemount", "image", "internal", "regular"]);
    assert.ok(rows.some(({ description }) => description.includes("RUN test -s made")));
    for (const { shared, description } of rows)
      assert.equal(shared, description.startsWith("named image "), description);
    assert.ok(rows.every(({ inUse }) => !inUse));
    const { stdout } = await space.succeed(["du"]);
    assert.match(stdout, /^ID +RECLAIMABLE +SIZE/);
    assert.match(stdout, /^Total: /m);
  });
});

describe("prune", () => {
  it("asks first, and takes anything but yes for no", async () => {
    await using space = prepared();
    await build(space, []);
    const before = bytesOnDisk(space.store);
    await space.fail(1, ["prune"], { input: "maybe\n" });
    await space.fail(1, ["prune"], { input: "" });
    assert.equal(bytesOnDisk(space.store), before);
    await space.succeed(["prune"], { input: "y\n" });
    assert.ok(bytesOnDisk(space.store) < before);
  });

  it("takes what a filter says, and the next build makes it again", async () => {
    await using space = prepared();
    await build(space, []);
    await prune(space, "--filter", "until=1h");
    await prune(space, "--filter", "type=source.http");
    const before = await records(space);
    await prune(space, "--filter", "type=exec.cachemount");
    const after = await records(space);
    assert.deepEqual(
      before.filter(({ id }) => !after.some((row) => row.id === id)).map(({ type }) => type),
      ["exec.cachemount"],
    );
    const last = after.find(({ description }) => description.includes("RUN test -s made"));
    assert.ok(last !== undefined);
    await prune(space, "--filter", `id=${last.id}`);
    assert.deepEqual(await records(space, `id==${last.id}`), []);
    // What others stand on stays, whatever the filter says.
    const base = after.find(({ type, id }) => type === "image" && id.startsWith("i-"));
    await prune(space, "--filter", `id=${base?.id ?? ""}`);
    assert.equal((await records(space, `id==${base?.id ?? ""}`)).length, 1);
    await build(space, []);
    assert.equal((await records(space, "description~=RUN test -s made", "id!=sha256")).length, 1);
    await space.fail(2, ["prune", "--force", "--filter", "nonsense=1"]);
  });

  it("takes everything but named images, which stay whole", async () => {
    await using space = prepared();
    await build(space, ["--tag", "named:1"]);
    await build(space, ["--build-arg", "WHICH=1"]);
    await prune(space, "--all");
    await assertNothingReclaimable(space);
    await space.succeed(["inspect", "named:1"]);
    makeTree(join(space.directory, "next"), { Dockerfile: "FROM named:1\nRUN cat /app/made\n" });
    await space.succeed(["build", "--quiet", "next"]);
  });

  it("leaves as much as it is told to", async () => {
    await using space = prepared();
    await build(space, []);
    const before = sum(await records(space, "private"));
    await prune(space, "--max-used-space", "1g");
    assert.equal(sum(await records(space, "private")), before);
    await prune(space, "--reserved-space", String(before - 20_000));
    const after = sum(await records(space, "private"));
    assert.ok(after < before && after > before / 2, `${before} became ${after}`);
  });

  it("in the middle of a build takes what it does not need, and nothing else", async () => {
    await using space = prepared();
    await build(space, ["--build-arg", "WHICH=unneeded"]);
    const slow = {
      Dockerfile: `
FROM busybox AS cached
RUN echo cached > /cached
FROM busybox
RUN --mount=type=cache,target=/cache echo kept > /cache/kept
RUN --mount=type=cache,target=/cache echo now-asleep && sleep 3 && cat /cache/kept
COPY --from=cached /cached /
RUN cat /cached
`,
    };
    makeTree(join(space.directory, "slow"), slow);
    // The stage is found in the cache; what it needs is at hand only if the prune left it.
    await space.succeed(
      ["build", "--quiet", "--target", "cached", ...baseContexts("busybox"), "slow"],
      noGc,
    );
    let pruned: Promise<void> | undefined;
    await space.succeed(["build", "--progress=plain", ...baseContexts("busybox"), "slow"], {
      ...noGc,
      onStart: (child) => {
        child.stderr?.on("data", (text: Buffer) => {
          if (/\d now-asleep/.test(text.toString())) pruned ??= prune(space, "--all");
        });
      },
    });
    assert.ok(pruned !== undefined);
    await pruned;
    const left = await records(space);
    assert.ok(!left.some(({ description }) => description.includes("test -s made")));
    await prune(space, "--all");
    await assertNothingReclaimable(space);
  });

  it("beside running builds takes nothing from them", async () => {
    await using space = prepared();
    const state = { building: true };
    const loop = async (which: string): Promise<void> => {
      for (let i = 0; i < 3; i++)
        await build(space, ["--tag", `x${which}:1`, "--build-arg", `WHICH=${which}${i % 2}`]);
    };
    const pruning = (async () => {
      while (state.building) {
        await prune(space, "--all");
        await sleep(50);
      }
    })();
    try {
      await Promise.all([loop("a"), loop("b")]);
    } finally {
      state.building = false;
      await pruning;
    }
    for (const name of ["xa:1", "xb:1"]) await space.succeed(["inspect", name]);
    await prune(space, "--all");
    await assertNothingReclaimable(space);
  });

  it("that is killed leaves a store that builds, and the next prune finishes the work", async () => {
    await using space = prepared();
    for (const delay of [120, 180, 240, 320]) {
      await build(space, ["--tag", "x:1"]);
      await space.tsbuild(["prune", "--force", "--all"], {
        onStart: (child) => {
          setTimeout(() => child.kill("SIGKILL"), delay);
        },
      });
      assert.equal(sum(await records(space)), bytesOnDisk(space.store));
    }
    await build(space, ["--tag", "x:1"]);
    await prune(space, "--all");
    await assertNothingReclaimable(space);
  });
});

describe("automatic removal", () => {
  const tight = {
    TSBUILD_GC_RESERVED_SPACE: "0",
    TSBUILD_GC_MAX_USED_SPACE: "1",
    TSBUILD_GC_MIN_FREE_SPACE: "0",
    TSBUILD_GC_INTERVAL: "0",
  };
  it("takes what is over the limits, but not what the build has just made", async () => {
    await using space = prepared();
    await build(space, ["--build-arg", "WHICH=first"]);
    const first = await records(space);
    await build(space, ["--build-arg", "WHICH=second"], { env: tight });
    const second = await records(space);
    const gone = first.filter(({ id }) => !second.some((row) => row.id === id));
    assert.ok(gone.some(({ description }) => description.includes("RUN test -s made")));
    const { stderr } = await space.succeed(
      [
        "build",
        "--progress=plain",
        ...baseContexts("busybox"),
        "--build-arg",
        "WHICH=second",
        "context",
      ],
      noGc,
    );
    assert.equal(stderr.match(/ CACHED$/gm)?.length, 6);
  });
  it("does not walk through what the first build of a store has made", async () => {
    await using space = prepared();
    await space.succeed(["build", ...baseContexts("busybox"), "context"]);
    await using store = await openStore({ root: space.store });
    assert.deepEqual([...store.table("disk-usage").entries()], []);
    const look = store.table<{ at: number }>("gc").get("last");
    assert.ok(look !== undefined && Date.now() - look.at < 3_600_000);
  });
  it("that is set wrongly is a warning", async () => {
    await using space = prepared();
    const { stderr } = await space.succeed(
      ["build", "--progress=plain", ...baseContexts("busybox"), "context"],
      { env: { TSBUILD_GC_MAX_USED_SPACE: "plenty" } },
    );
    assert.match(stderr, /TSBUILD_GC_MAX_USED_SPACE=plenty/);
  });
});
