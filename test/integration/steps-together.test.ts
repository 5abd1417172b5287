// SPDX-License-Identifier: Apache-2.0
// Steps that are alive at the same time and have a directory in common can hand each other descriptors. What a step gave away
// changes nothing of it once it has ended, and nobody waits for whoever has it.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { LayerDirId, RunMount, StorageDriver } from "#src/sandbox/index.js";
import { driverOf, fuseIsMissing } from "../support/drivers.js";
import { baseContexts, workspace } from "../support/runner.js";
import {
  addProgram,
  compileProgram,
  sandboxFixture,
  type SandboxFixture,
  type StepOutcome,
} from "../support/sandbox.js";

/** Another step, which takes what it is given, and the directory that both have. */
interface Neighbour extends AsyncDisposable {
  readonly mounts: readonly RunMount[];
  /** Lets it do what it was told to do later; what it says of that. */
  goOn(): Promise<string>;
}

let count = 0;
function neighbourIn(box: SandboxFixture): Neighbour {
  const dir = `shared-${count++}` as LayerDirId;
  const shared = join(box.store, "cache-mounts", dir, "fs");
  mkdirSync(shared, { recursive: true });
  const mounts: RunMount[] = [
    {
      kind: "cache",
      dir,
      sourcePath: "/",
      target: "/c",
      readOnly: false,
      mode: 0o755,
      uid: 0,
      gid: 0,
    },
  ];
  const end = new AbortController();
  const argv = ["/bin/hand-over", "take", "/c/s"];
  const step = box.step("", { mounts, argv }, end.signal);
  const ended = step.catch(() => undefined);
  return {
    mounts,
    async goOn() {
      writeFileSync(join(shared, "s.go"), "");
      return (await step).stdout;
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await ended;
    },
  };
}

const drivers: readonly (readonly [StorageDriver["name"], string | false])[] = [
  ["overlay", false],
  ["copy", false],
  ["fuse-overlayfs", fuseIsMissing() ?? false],
];

for (const [name, skip] of drivers)
  describe(`the root of a step (${name})`, { skip }, () => {
    let box: SandboxFixture;
    before(() => {
      box = sandboxFixture(driverOf(name));
      addProgram(box, "hand-over");
    });
    after(async () => box[Symbol.asyncDispose]());
    const give = async ({ mounts }: Neighbour, what: string, root = box.root()) =>
      box.step(`echo first >/file; /bin/hand-over give /c/s ${what}`, { mounts, root });

    const inTime =
      name === "fuse-overlayfs"
        ? { skip: "fuse-overlayfs is waited for, and the step fails after a minute" }
        : {};
    it("is not written to by a directory that it gave away", inTime, async () => {
      await using neighbour = neighbourIn(box);
      const { result, upper } = await give(neighbour, "/ 'write file'");
      assert.deepEqual(result, { kind: "exited", code: 0 });
      // The copy driver has removed the directory itself by now.
      assert.match(await neighbour.goOn(), /^write: (Read-only file system|No such file.*)\n$/);
      assert.equal(readFileSync(join(upper, "file"), "utf8"), "first\n");
    });
    it("is refused while somebody has a file of it open for writing", async () => {
      await using neighbour = neighbourIn(box);
      await assert.rejects(give(neighbour, "+/file hold"), (error) =>
        isTsbuildError(error, "SANDBOX_ROOT_IN_USE"),
      );
    });
    it("without layers below it is no exception", inTime, async () => {
      await using neighbour = neighbourIn(box);
      const tools: RunMount = {
        kind: "bind",
        source: { kind: "stack", lowers: ["base" as LayerDirId] },
        sourcePath: "/bin",
        target: "/bin",
        readOnly: true,
      };
      const upper = `alone-${count++}` as LayerDirId;
      const { result } = await box.step("echo first >/file; hand-over give /c/s / 'write file'", {
        mounts: [...neighbour.mounts, tools],
        root: { kind: "stack", lowers: [], upper },
      });
      assert.deepEqual(result, { kind: "exited", code: 0 });
      assert.equal(await neighbour.goOn(), "write: Read-only file system\n");
    });
  });

describe("the output of a step", () => {
  const ended = ({ result, stdout }: StepOutcome, since: number): void => {
    assert.deepEqual(result, { kind: "exited", code: 0 });
    assert.match(stdout, /^before\n(chatter\n)*$/);
    assert.ok(performance.now() - since < 10_000, "nobody waited");
  };
  it("ends with the step, whoever else can still write to it", async () => {
    await using box = sandboxFixture();
    addProgram(box, "hand-over");
    for (const order of ["chatter", "flood", "hold"]) {
      await using neighbour = neighbourIn(box);
      const since = performance.now();
      const command = `echo before; /bin/hand-over give /c/s - ${order}`;
      ended(await box.step(command, { mounts: neighbour.mounts }), since);
    }
  });
  for (const [what, flags] of [
    ["a pipe", []],
    ["a terminal", ["-t"]],
  ] as const)
    it(`ends with the container's program, too (${what})`, async () => {
      await using space = workspace();
      const shared = join(space.directory, "shared");
      mkdirSync(shared);
      compileProgram("hand-over", join(shared, "hand-over"));
      await space.succeed(["build", "-q", ...baseContexts("busybox"), "-t", "busybox", "-"], {
        input: "FROM busybox",
      });
      const run = ["run", "--network=none", "-v", `${shared}:/c`];
      const neighbour = space.tsbuild([
        ...run,
        "--timeout=60s",
        "busybox",
        "/c/hand-over",
        "take",
        "/c/s",
      ]);
      const { code, stdout } = await space.tsbuild(
        [...run, ...flags, "busybox", "/c/hand-over", "give", "/c/s", "-", "flood"],
        { timeout: 20_000 },
      );
      assert.equal(code, 0);
      assert.ok(stdout.length < 4 << 20);
      await neighbour;
    });
});
