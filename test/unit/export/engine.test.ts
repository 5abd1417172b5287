// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadIntoEngine } from "#src/export/engine.js";

const before = process.env["PATH"];
let directory = "";

/** A program called docker that runs this shell text. */
function engine(text: string): void {
  const path = join(directory, "docker");
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${text}\n`);
  chmodSync(path, 0o755);
  process.env["PATH"] = directory;
}

async function* bytes(count: number): AsyncIterable<Uint8Array> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(Buffer.alloc(65536, i));
}

describe("loading into the engine", () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tsbuild-engine-"));
  });
  afterEach(() => {
    process.env["PATH"] = before;
    rmSync(directory, { recursive: true });
  });

  it("gives the whole archive to `load`", async () => {
    engine(`echo "$1" > ${directory}/called; cat > ${directory}/archive`);
    await loadIntoEngine(bytes(20), new AbortController().signal);
    assert.equal(readFileSync(join(directory, "called"), "utf8"), "load\n");
    assert.equal(readFileSync(join(directory, "archive")).length, 20 * 65536);
  });

  it("repeats what an engine says that refuses", async () => {
    engine("echo no room >&2; exit 1");
    await assert.rejects(loadIntoEngine(bytes(200), new AbortController().signal), {
      code: "EXPORT_ENGINE",
      message: /no room/,
    });
  });

  it("says that there is no engine", async () => {
    process.env["PATH"] = directory;
    await assert.rejects(loadIntoEngine(bytes(1), new AbortController().signal), {
      code: "EXPORT_ENGINE",
    });
  });
});
