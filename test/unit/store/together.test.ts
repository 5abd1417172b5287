// SPDX-License-Identifier: Apache-2.0
// Processes that open, write and close one store at the same time. Each row is what a process says of its own records at the end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";

const root = mkdtempSync(join(tmpdir(), "tsbuild-together-"));
after(() => {
  rmSync(root, { recursive: true });
});

const script = `
  import { openStore } from ${JSON.stringify(import.meta.resolve("#src/store/index.js"))};
  const [who, rounds] = process.argv.slice(1);
  const written = new Map();
  const warnings = [];
  let lost = 0;
  for (let round = 0; round < Number(rounds); round++) {
    const store = await openStore({ root: ${JSON.stringify(root)}, onWarning: (text) => warnings.push(text) });
    const table = store.table("t");
    for (const [key, value] of written) if (table.get(key)?.value !== value) lost++;
    for (let i = 0; i < 10; i++) {
      const key = who + (round * 7 + i * 3) % 60;
      written.set(key, round * 10 + i);
      await table.put(key, { value: round * 10 + i, room: "x".repeat((round * 31 + i * 997) % 3000) });
    }
    await store.close();
  }
  console.log(JSON.stringify({ lost, warnings }));`;

async function run(who: string, rounds: number): Promise<unknown> {
  const node = ["--input-type=module", "-e", script, "--", who, String(rounds)];
  const child = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await text(child.stdout));
}

describe("stores that are opened and closed while others write", () => {
  it("lose nothing, and stay sound", async () => {
    const told = await Promise.all(["a", "b", "c"].map((who) => run(who, 100)));
    for (const each of told) assert.deepEqual(each, { lost: 0, warnings: [] });
  });
});
