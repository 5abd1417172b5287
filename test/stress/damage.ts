// SPDX-License-Identifier: Apache-2.0
// Files of a store that are cut short, changed, emptied or gone. The next build is right whatever file it was, at the first
// try; what was named stays whole, unless it was its own bytes that were hit.

import assert from "node:assert/strict";
import {
  closeSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, relative } from "node:path";
import { Random } from "../support/random.js";
import { workspace } from "../support/runner.js";
import type { StressOptions } from "./options.js";
import { assertSound, copyStore, keepCase, on, removeStore, Victim } from "./victim.js";

const harms = ["cut", "flip", "zero", "empty", "remove", "grow"] as const;

export async function damageStores({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  await using held = workspace();
  const victim = new Victim(held);
  const template = join(held.directory, "template");
  await held.succeed(victim.args("1", "-t", "keep:1"), on(template));
  const reference = join(held.directory, "reference");
  const expected = [
    await victim.contents(reference, "1"),
    await victim.contents(reference, "2"),
  ] as const;
  const hit = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const store = join(held.directory, "store");
    copyStore(template, store);
    const file = random.pick(filesOf(store));
    const harm = random.pick(harms);
    const notes = { seed, round, file: relative(store, file), harm };
    const kind = kindOf(notes.file);
    hit.set(kind, (hit.get(kind) ?? 0) + 1);
    try {
      damage(random, file, harm);
      assert.deepEqual(
        await victim.contents(store, "1"),
        expected[0],
        "a build that could be cached",
      );
      assert.deepEqual(
        await victim.contents(store, "2"),
        expected[1],
        "a build of which some could be",
      );
      await held.succeed(victim.args("1", "-t", "keep:1"), on(store));
      await assertSound(held, store, "docker.io/library/keep:1");
    } catch (error) {
      throw new Error(`${JSON.stringify(notes)} (kept in ${keepCase(store, notes)})`, {
        cause: error,
      });
    }
    removeStore(store);
    if ((round + 1) % 20 === 0)
      log(`${round + 1} of ${rounds} rounds: ${JSON.stringify(Object.fromEntries(hit))}`);
  }
}

/** One of each kind as often as another: most files are blobs. */
function filesOf(store: string): string[] {
  const all = ["oci", "meta"].flatMap((name) => filesBelow(join(store, name)));
  all.push(join(store, "store.json"));
  // A whole layer directory; what is in its files cannot be known to be wrong.
  const layers = readdirSync(join(store, "snapshots")).map((name) =>
    join(store, "snapshots", name),
  );
  const kinds = new Map<string, string[]>();
  for (const file of [...all, ...layers]) {
    const kind = kindOf(relative(store, file));
    kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
  }
  const most = Math.max(...[...kinds.values()].map(({ length }) => length));
  return [...kinds.values()].flatMap((files) =>
    Array.from({ length: most }, (_, i) => files[i % files.length] ?? ""),
  );
}

function kindOf(name: string): string {
  return name.replace(/^(oci\/blobs|snapshots|meta\/[a-z]+-(?:users|turns)).*/, "$1");
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function damage(random: Random, file: string, harm: (typeof harms)[number]): void {
  const info = statSync(file);
  if (info.isDirectory()) {
    rmSync(file, { recursive: true });
    return;
  }
  const at = random.below(Math.max(info.size, 1));
  switch (harm) {
    case "cut":
      truncateSync(file, at);
      return;
    case "empty":
      truncateSync(file, 0);
      return;
    case "remove":
      rmSync(file);
      return;
    case "grow":
      truncateSync(file, info.size + 1 + random.below(10_000));
      return;
    case "flip":
    case "zero":
      change(file, at, harm === "flip" ? 1 : 4096, (byte) =>
        harm === "flip" ? byte ^ (1 << random.below(8)) : 0,
      );
  }
}

function change(file: string, at: number, length: number, to: (byte: number) => number): void {
  if (statSync(file).size === 0) {
    writeFileSync(file, "x");
    return;
  }
  const fd = openSync(file, "r+");
  try {
    const bytes = Buffer.alloc(length);
    const got = readSync(fd, bytes, 0, length, at);
    writeSync(fd, bytes.subarray(0, got).map(to), 0, got, at);
  } finally {
    closeSync(fd);
  }
}
