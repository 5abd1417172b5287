// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { exists } from "#src/context/local.js";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-local-"));
after(() => {
  rmSync(directory, { recursive: true });
});

describe("whether something is there", () => {
  it("is a question with two answers, and what cannot be looked at is neither", async () => {
    writeFileSync(join(directory, "file"), "");
    symlinkSync("nowhere", join(directory, "link"));
    symlinkSync("loop", join(directory, "loop"));
    const answers = ["file", "link", "loop", "missing", "file/below"].map((name) =>
      exists(join(directory, name)),
    );
    assert.deepEqual(await Promise.all(answers), [true, true, true, false, false]);
    await assert.rejects(exists(join(directory, "loop/below")), { code: "ELOOP" });
    await assert.rejects(exists(join(directory, "x".repeat(300))), { code: "ENAMETOOLONG" });
  });
});
