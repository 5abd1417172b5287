// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readSmallFile, readSmallInput } from "#src/base/index.js";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-small-"));
after(() => {
  rmSync(directory, { recursive: true });
});
const at = (name: string): string => join(directory, name);

describe("a small file", () => {
  it("is read whole up to the limit, through symlinks, also when it does not tell its size", async () => {
    writeFileSync(at("file"), "12345");
    symlinkSync("file", at("link"));
    for (const name of ["file", "link"]) {
      assert.equal((await readSmallFile(at(name), 5)).toString(), "12345");
      assert.equal(await readSmallFile(at(name), 4), "too large");
    }
    assert.match((await readSmallFile("/proc/self/status", 1 << 20)).toString(), /^Name:/);
    assert.equal(await readSmallFile("/proc/self/status", 4), "too large");
    await assert.rejects(readSmallFile(at("missing"), 1), { code: "ENOENT" });
  });
  it("is nothing that could make us wait, or has no end", async () => {
    mkdirSync(at("directory"));
    execFileSync("mkfifo", [at("fifo")]);
    for (const path of [at("directory"), at("fifo"), "/dev/zero"])
      assert.equal(await readSmallFile(path, 100), "not regular");
    assert.equal(await readSmallInput("/dev/zero", 100), "too large");
    assert.equal((await readSmallInput("/dev/null", 100)).length, 0);
  });
});
