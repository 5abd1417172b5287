// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-turns-"));
after(() => {
  rmSync(directory, { recursive: true });
});
const taker = join(process.cwd(), "build/test/support/turn-taker.js");
const log = join(directory, "log");

function take(turns: number, ...more: readonly string[]): ChildProcess {
  return spawn(process.execPath, [taker, directory, log, String(turns), ...more], {
    stdio: "inherit",
  });
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((done) => child.once("close", done));

describe("turns of processes", () => {
  it("never overlap, and end with one that is killed in its own", async () => {
    writeFileSync(log, "");
    const killed = take(10, "hang");
    const others = Array.from({ length: 5 }, () => take(20));
    const all = Promise.all(others.map(ended));
    const begins = (): string[] =>
      readFileSync(log, "utf8").match(new RegExp(`begin ${killed.pid ?? 0}\n`, "g")) ?? [];
    while (begins().length < 2) await sleep(5);
    const before = readFileSync(log, "utf8");
    await sleep(50);
    assert.equal(readFileSync(log, "utf8"), before, "nobody passes one that is at it");
    killed.kill("SIGKILL");
    assert.deepEqual(
      await all,
      others.map(() => 0),
    );
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const cut = lines.findLastIndex((line) => line === `begin ${killed.pid ?? 0}`);
    lines.splice(cut, 1);
    assert.equal(lines.length, 2 * (1 + 5 * 20));
    for (let i = 0; i < lines.length; i += 2)
      assert.equal(lines[i + 1], lines[i]?.replace("begin", "end"));
    assert.deepEqual(readdirSync(join(directory, "turns")), []);
  });
});
