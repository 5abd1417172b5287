// SPDX-License-Identifier: Apache-2.0
// Bringing the states of earlier builds safely to the disk: beside a build, which does not wait for it.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { openStore } from "#src/store/index.js";
import { snapshotTable, type StoredSnapshot } from "#src/snapshot/index.js";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";

const helper = resolve(process.env["TSBUILD_HELPER"] ?? "native/bin/tsbuild-helper");
const context = baseContexts("busybox");

/** The states in the store; `age` makes them a minute older first. */
async function states(space: Workspace, { age = false } = {}): Promise<StoredSnapshot[]> {
  const store = await openStore({ root: space.store });
  try {
    const table = store.table<StoredSnapshot>(snapshotTable);
    if (age)
      for (const [id, state] of [...table.entries()])
        await table.put(id, { ...state, createdAt: state.createdAt - 60_000 });
    return [...table.entries()].map(([, state]) => state);
  } finally {
    await store.close();
  }
}

/** A helper that gets stuck in `sync`, as on a disk that has much to write, and tells its process. */
function stuckHelper({ directory }: Workspace): { readonly path: string; process(): number } {
  const path = join(directory, "helper");
  const told = join(directory, "process");
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = sync ] || exec ${helper} "$@"\ntrap "" TERM\necho $$ >${told}\nexec sleep 1000\n`,
  );
  chmodSync(path, 0o755);
  return { path, process: () => (existsSync(told) ? Number(readFileSync(told, "utf8")) : 0) };
}

it("settles what is older than what the kernel has yet to write, and does not wait for it", async () => {
  await using space = workspace();
  const build = ["build", ...context, "--output=type=oci,dest=image.tar", "."];
  writeFileSync(join(space.directory, "Dockerfile"), "FROM busybox\nRUN echo a > /a\n");
  await space.succeed(build);
  await space.succeed(build);
  const settled = (all: readonly StoredSnapshot[]): boolean[] =>
    all.map((state) => state.settled === true);
  assert.deepEqual(new Set(settled(await states(space))), new Set([false]), "too young");

  await states(space, { age: true });
  const stuck = stuckHelper(space);
  await space.succeed(build, { env: { TSBUILD_HELPER: stuck.path } });
  const left = stuck.process();
  assert.ok(left > 0, "it was tried");
  // Throws if it is gone: then the build has waited until it was killed.
  process.kill(left, "SIGKILL");
  assert.deepEqual(new Set(settled(await states(space))), new Set([false]));

  // Long enough for the sync to end beside it.
  writeFileSync(join(space.directory, "Dockerfile"), "FROM busybox\nRUN sleep 3\n");
  await space.succeed(["build", "--no-cache", ...context, "."]);
  assert.ok(settled(await states(space)).includes(true));
});
