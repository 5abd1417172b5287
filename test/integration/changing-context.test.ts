// SPDX-License-Identifier: Apache-2.0
// Files of the build context that change between the key of a step and its work: what comes of them is in no cache.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { tarOf } from "../support/tar-builder.js";

/** What reads the context's file: all write it to /out. */
const readers: Readonly<Record<string, string>> = {
  "COPY of a file": "COPY data/file /f\nRUN cp /f /out\n",
  "COPY of a directory": "COPY data /d\nRUN cp /d/file /out\n",
  "COPY --link": "COPY --link data/file /f\nRUN cp /f /out\n",
  "COPY from a named context": "COPY --from=other file /f\nRUN cp /f /out\n",
  "ADD of an archive": "ADD data/archive /a/\nRUN cp /a/file /out\n",
  "RUN with a bind mount": "RUN --mount=type=bind,source=data,target=/d cp /d/file /out\n",
};

function write(space: Workspace, content: string): void {
  const data = join(space.directory, "context/data");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "file"), content);
  writeFileSync(join(data, "archive"), tarOf({ name: "file", content }));
}

/** The arguments of a build whose first RUN waits, with what is read after it. */
function argumentsOf(space: Workspace, reader: string, output: string): string[] {
  const dockerfile = `FROM busybox AS first
RUN if [ -d /meet ]; then touch /meet/here; while [ ! -f /meet/go ]; do sleep 0.1; done; fi
FROM busybox
COPY --from=first /etc/passwd /first
${reader}FROM scratch
COPY --from=1 /out /
`;
  writeFileSync(join(space.directory, "Dockerfile"), dockerfile);
  return [
    "build",
    "--progress=plain",
    "--network=none",
    "--file=Dockerfile",
    "--build-context=other=context/data",
    ...baseContexts("busybox"),
    `--output=type=local,dest=${output}`,
    "context",
  ];
}

describe("files that change while a build runs", () => {
  for (const [what, reader] of Object.entries(readers))
    it(`are not taken for what they were: ${what}`, async () => {
      await using space = workspace();
      write(space, "old");
      const meet = join(space.directory, "meet");
      mkdirSync(meet);
      const running = space.succeed([
        ...argumentsOf(space, reader, "first"),
        `--volume=${meet}:/meet`,
        "--cache-to=type=local,dest=cache,mode=max",
      ]);
      while (!existsSync(join(meet, "here"))) await sleep(50);
      write(space, "new");
      writeFileSync(join(meet, "go"), "");
      const { stderr } = await running;
      assert.match(stderr, /WARNING: .*changed while they were read/);
      assert.equal(readFileSync(join(space.directory, "first/out"), "utf8"), "new");
      write(space, "old");
      // The same steps, without the wait.
      await space.succeed(argumentsOf(space, reader, "second"));
      assert.equal(readFileSync(join(space.directory, "second/out"), "utf8"), "old");
      const elsewhere = { env: { TSBUILD_ROOT: join(space.directory, "another") } };
      await space.succeed(
        [...argumentsOf(space, reader, "third"), "--cache-from=type=local,src=cache"],
        elsewhere,
      );
      assert.equal(readFileSync(join(space.directory, "third/out"), "utf8"), "old");
    });

  it("are known when they do not", async () => {
    await using space = workspace();
    write(space, "old");
    const args = argumentsOf(space, readers["COPY of a file"] ?? "", "out");
    await space.succeed(args);
    const { stderr } = await space.succeed(args);
    assert.ok(!stderr.includes("WARNING"), stderr);
    assert.match(stderr, /COPY data\/file \/f\n#\d+ CACHED/);
  });
});
