// SPDX-License-Identifier: Apache-2.0
// What a build leaves when those around it go or fail: readers of its output, its terminal, the files that tell of its result.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, program, run, workspace, type Workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

function prepared(dockerfile: string): Workspace {
  const space = workspace();
  makeTree(join(space.directory, "context"), { Dockerfile: dockerfile });
  return space;
}

const small = "FROM scratch\nCOPY Dockerfile /\n";

/** Runs tsbuild in a shell; `$0` is the program. */
const inShell = (space: Workspace, script: string): ReturnType<typeof run> =>
  run("bash", ["-c", script, `${process.execPath} ${program}`], {
    cwd: space.directory,
    env: { TSBUILD_ROOT: space.store, TMPDIR: join(space.directory, "tmp") },
  });

void describe("a build whose output nobody reads", () => {
  void it("goes on when its progress is not read, and says nothing of it", async () => {
    await using space = prepared(small);
    const { stdout, stderr } = await inShell(
      space,
      'for kind in plain rawjson; do $0 --progress=$kind --no-cache --output=files-$kind context 2>&1 >/dev/null | true; echo "${PIPESTATUS[0]}"; done',
    );
    assert.equal(stdout, "0\n0\n");
    assert.equal(stderr, "");
    for (const kind of ["plain", "rawjson"])
      assert.deepEqual(readdirSync(join(space.directory, `files-${kind}`)), ["Dockerfile"]);
  });

  void it("ends like any program when it is the answer that is not read", async () => {
    await using space = prepared(small);
    const { stdout, stderr } = await inShell(
      space,
      '$0 --call=outline context | true; echo "${PIPESTATUS[0]}"; $0 --progress=quiet --output=- context | true; echo "${PIPESTATUS[0]}"',
    );
    assert.equal(stdout, "141\n1\n");
    assert.equal(stderr, "ERROR: cannot write the standard output: write EPIPE\n");
  });

  void it("puts nothing after an archive on the standard output", async () => {
    await using space = prepared(small);
    const outputs = await Promise.all(
      ["type=oci", "type=oci,dest=-"].map(async (output) => {
        const { stdoutBytes } = await space.succeed(["--quiet", `--output=${output}`, "context"]);
        return stdoutBytes;
      }),
    );
    for (const bytes of outputs) assert.equal(bytes.length % 512, 0);
  });
});

void describe("a build that shows nothing", () => {
  void it("says the image's id, whichever flag it was", async () => {
    await using space = prepared(small);
    for (const flag of ["--quiet", "--progress=quiet"]) {
      const { stdout, stderr } = await space.succeed([flag, "context"]);
      assert.match(stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal(stderr, "");
    }
    assert.equal((await space.succeed(["--progress=none", "context"])).stdout, "");
  });
});

void describe("an archive without a place", () => {
  void it("is an error, and nothing waits to write it", async () => {
    await using space = prepared("FROM busybox\n");
    mkdirSync(join(space.directory, "directory"));
    for (const type of ["tar", "oci", "docker"]) {
      const args = [...baseContexts("busybox"), `--output=type=${type},dest=directory`, "context"];
      const { stderr } = await space.fail(1, args);
      assert.match(stderr, /^ERROR: .* is a directory, and the output is a file$/m);
    }
  });
});

void describe("a build whose terminal is closed", () => {
  void it("cleans up", async () => {
    await using space = prepared("FROM busybox\nRUN echo begun; sleep 60\n");
    const result = await space.tsbuild(
      ["--progress=plain", "--network=none", ...baseContexts("busybox"), "context"],
      {
        onStart: (child) => {
          let seen = "";
          child.stderr?.on("data", (chunk: Buffer) => {
            seen += chunk.toString();
            // Once: a second one ends it at once.
            if (!child.killed && /^#\d+ .*begun$/m.test(seen)) child.kill("SIGHUP");
          });
        },
      },
    );
    assert.equal(result.code, 130);
    assert.match(result.stderr, /^ERROR: build interrupted$/m);
  });
});

void describe("files that tell of the result", () => {
  void it("are named when they cannot be written", async () => {
    await using space = prepared(small);
    mkdirSync(join(space.directory, "directory"));
    for (const flag of ["--iidfile", "--iidfile-raw", "--metadata-file"]) {
      const { code, stderr } = await space.tsbuild([`${flag}=directory`, "context"]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^ERROR: cannot write ${flag}: EISDIR.*'directory'$`, "m"));
      assert.doesNotMatch(stderr, /defect/);
    }
  });

  void it("hold no older id after a build that failed, and nothing else is taken away", async () => {
    await using space = prepared("FROM scratch\nCOPY missing /\n");
    for (const name of ["id", "raw"]) writeFileSync(join(space.directory, name), "old");
    mkdirSync(join(space.directory, "directory"));
    assert.equal((await run("mkfifo", [join(space.directory, "fifo")])).code, 0);
    const failing = async (...flags: string[]): Promise<void> => {
      const { code, stderr } = await space.tsbuild([...flags, "context"]);
      assert.equal(code, 1);
      assert.match(stderr, /^ERROR: .*missing/m);
    };
    await failing("--iidfile=id", "--iidfile-raw=raw");
    await failing("--iidfile=directory", "--iidfile-raw=fifo");
    assert.deepEqual(
      ["id", "raw", "directory", "fifo"].map((name) => existsSync(join(space.directory, name))),
      [false, false, true, true],
    );
  });
});
