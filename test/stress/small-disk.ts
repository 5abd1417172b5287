// SPDX-License-Identifier: Apache-2.0
// Stores on file systems of every small size (loop mounts; as root). A build that does not fit says so; nothing that was named is
// lost, prune works on a full disk, and what fits afterwards is built right.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../support/random.js";
import { workspace, type Workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { assertClearFailure, assertSound, contentsOf, on, Victim } from "./victim.js";

const kilobyte = 1024;

export async function fillDisks({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  await using held = workspace();
  const victim = new Victim(held);
  const expected = await victim.contents(join(held.directory, "reference"), "1");
  const outcomes = { fits: 0, full: 0 };
  for (let round = 0; round < rounds; round++) {
    // From nothing at all to room enough.
    const size = 1500 + random.below(16_000);
    const notes = `seed ${seed}, round ${round}: ${size} kB`;
    using disk = smallDisk(held, size);
    const store = join(disk.path, "store");
    try {
      const layout = join(held.directory, `layout-${round}`);
      mkdirSync(layout);
      const output = `type=oci,tar=false,dest=${layout}`;
      const result = await held.tsbuild(victim.args("1", "-o", output), on(store));
      outcomes[result.code === 0 ? "fits" : "full"]++;
      if (result.code === 0) assert.deepEqual(await contentsOf(layout), expected);
      else assertFull(result);
      rmSync(layout, { recursive: true, force: true });
      if (result.code === 0) await keepThroughFullDisk(held, victim, store, disk.path);
    } catch (error) {
      throw new Error(notes, { cause: error });
    }
    log(`${round + 1} of ${rounds} rounds: ${JSON.stringify(outcomes)}`);
  }
}

/** Names an image, fills the disk to the last byte, and sees what still works. */
async function keepThroughFullDisk(
  held: Workspace,
  victim: Victim,
  store: string,
  disk: string,
): Promise<void> {
  const named = await held.tsbuild(victim.args("1", "-t", "keep:1"), on(store));
  if (named.code !== 0) {
    assertFull(named);
    return;
  }
  const ballast = join(disk, "ballast");
  for (let size = 1 << 20; size > 0; size >>= 1)
    for (;;)
      try {
        writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
      } catch {
        break;
      }
  const build = await held.tsbuild(victim.args("2", "-t", "other:1"), on(store));
  if (build.code !== 0) assertFull(build);
  await held.succeed(["prune", "--all", "--force"], on(store));
  await held.succeed(["inspect", "keep:1"], on(store));
  truncateSync(ballast, 0);
  await assertSound(held, store, "docker.io/library/keep:1");
}

function assertFull(result: Awaited<ReturnType<Workspace["tsbuild"]>>): void {
  assertClearFailure(result);
  assert.match(result.stderr, /no space left|disk is full/i);
}

function smallDisk(held: Workspace, kilobytes: number): { readonly path: string } & Disposable {
  const image = join(held.directory, "disk");
  const path = join(held.directory, "mounted");
  writeFileSync(image, "");
  truncateSync(image, kilobytes * kilobyte);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", "-O", "^has_journal", "-N", "2000", image]);
  mkdirSync(path);
  execFileSync("mount", ["-o", "loop", image, path]);
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync("umount", [path]);
      rmSync(path, { recursive: true });
      rmSync(image);
    },
  };
}
