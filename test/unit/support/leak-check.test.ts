// SPDX-License-Identifier: Apache-2.0
// The leak check itself: a check that finds nothing would let every test pass.

import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findLeaks } from "../../support/leak-check.js";

describe("the leak check", () => {
  let directory = "";
  const children: ChildProcess[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tsbuild-leak-"));
    mkdirSync(join(directory, "tmp"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      const ended = new Promise((done) => child.once("close", done));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });
  const kinds = (): string[] =>
    findLeaks({ directory, empty: [join(directory, "tmp")] }).map(({ kind }) => kind);
  const start = async (command: string, args: readonly string[], options = {}): Promise<void> => {
    const child = spawn(command, args, { stdio: "ignore", ...options });
    children.push(child);
    await new Promise((done) => child.once("spawn", done));
    // The program proper has taken the place of the forked copy of this one.
    const deadline = Date.now() + 5_000;
    while (kinds().length === 0 && Date.now() < deadline)
      await new Promise((done) => setTimeout(done, 10));
  };

  it("finds nothing where there is nothing", () => {
    assert.deepEqual(kinds(), []);
  });
  it("finds a process by its working directory", async () => {
    await start("sleep", ["60"], { cwd: directory });
    assert.deepEqual(kinds(), ["process"]);
  });
  it("finds a process by its environment", async () => {
    await start("sleep", ["60"], {
      env: { ...process.env, TSBUILD_ROOT: join(directory, "store") },
    });
    assert.deepEqual(kinds(), ["process"]);
  });
  it("finds a process by its arguments", async () => {
    await start("tail", ["-f", "/dev/null", "--", join(directory, "tmp")]);
    assert.deepEqual(kinds(), ["process"]);
  });
  it("finds a process by a mount in its namespace", async (context) => {
    const options = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    if (spawnSync("unshare", [...options, "--mount", "true"]).status !== 0) {
      context.skip("this user may make no namespaces");
      return;
    }
    const script = 'mount -t tmpfs none "$0" && cd / && exec env -i /bin/sleep 60';
    await start("unshare", [...options, "--mount", "sh", "-c", script, join(directory, "tmp")]);
    await new Promise((done) => setTimeout(done, 200));
    assert.deepEqual(kinds(), ["process"]);
  });
  it("finds a temporary file and an open descriptor", () => {
    writeFileSync(join(directory, "tmp", "x"), "");
    const descriptor = openSync(join(directory, "tmp", "x"), "r");
    try {
      assert.deepEqual(kinds(), ["temporary file", "descriptor"]);
    } finally {
      closeSync(descriptor);
    }
    assert.deepEqual(kinds(), ["temporary file"]);
  });
});
