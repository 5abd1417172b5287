// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { makeDirectories, realPlace } from "#src/base/index.js";

const place = mkdtempSync(join(tmpdir(), "tsbuild-directories-"));
after(() => {
  rmSync(place, { recursive: true });
});

describe("where a path really is", () => {
  it("is told wherever links lead, and whether something is there or not", () => {
    const real = realpathSync(place);
    const at = (name: string): string => join(place, "real", name);
    makeDirectories(at("dir"));
    writeFileSync(at("file"), "");
    for (const [name, target] of [
      ["to-dir", "dir"],
      ["to-nothing", "../elsewhere/new"],
      ["to-that", "to-nothing"],
      ["circle", "circle"],
    ] as const)
      symlinkSync(target, at(name));
    const cases: readonly [string, string][] = [
      ["dir", "real/dir"],
      ["to-dir/new/file", "real/dir/new/file"],
      ["to-nothing", "elsewhere/new"],
      ["to-that/x", "elsewhere/new/x"],
    ];
    for (const [name, expected] of cases) assert.equal(realPlace(at(name)), join(real, expected));
    assert.throws(() => realPlace(at("circle/x")), { code: "ELOOP" });
    assert.throws(() => realPlace(at("file/below")), { code: "ENOTDIR" });
  });
});

describe("directories of a path", () => {
  it("are made as far as they are missing", () => {
    assert.equal(makeDirectories(join(place, "a/b/c"), 0o700), join(place, "a"));
    assert.equal(statSync(join(place, "a/b/c")).mode & 0o777, 0o700);
    assert.equal(makeDirectories(join(place, "a/b/c")), undefined);
    assert.equal(makeDirectories(join(place, "a/b/d/")), join(place, "a/b/d/"));
    symlinkSync("a", join(place, "link"));
    assert.equal(makeDirectories(join(place, "link")), undefined);
    assert.equal(makeDirectories(join(place, "link/e/f")), join(place, "link/e"));
    assert.equal(makeDirectories("/"), undefined);
  });

  it("fail where something else stands, and where there can be none", () => {
    writeFileSync(join(place, "file"), "");
    symlinkSync("nowhere", join(place, "dangling"));
    for (const [path, code] of [
      [join(place, "file"), "EEXIST"],
      [join(place, "file/a/b"), "ENOTDIR"],
      [join(place, "dangling"), "EEXIST"],
      ["/proc/nope", "ENOENT"],
      ["/proc/nope/x/y", "ENOENT"],
    ] as const)
      assert.throws(() => makeDirectories(path), { code }, path);
  });
});
