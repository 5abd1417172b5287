// SPDX-License-Identifier: Apache-2.0
// Steps that builds have in common: done once, also by two processes; and never remembered when they were not finished.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

function prepared(command: string): Workspace {
  const space = workspace();
  makeTree(join(space.directory, "context"), { Dockerfile: `FROM busybox\nRUN ${command}\n` });
  return space;
}

const flags = ["--progress=plain", "--network=none", ...baseContexts("busybox")];

void describe("a step that several builds want", () => {
  void it("runs once when two processes build at the same time", async () => {
    await using space = prepared("cat /proc/sys/kernel/random/uuid > /id && sleep 1");
    await Promise.all(
      ["one", "two"].map((dest) =>
        space.succeed([...flags, `--output=type=local,dest=${dest}`, "context"]),
      ),
    );
    const ids = ["one", "two"].map((dest) =>
      readFileSync(join(space.directory, dest, "id"), "utf8"),
    );
    assert.match(ids[0] ?? "", /^[0-9a-f-]{36}\n$/);
    assert.equal(ids[0], ids[1]);
  });

  void it("is not remembered when the build was interrupted in the middle of it", async () => {
    await using space = prepared("echo begun; echo begun > /state; sleep 3; echo done > /state");
    const interrupted = await space.tsbuild([...flags, "context"], {
      onStart: (child) => {
        let seen = "";
        child.stderr?.on("data", (chunk: Buffer) => {
          seen += chunk.toString();
          if (/^#\d+ .*begun$/m.test(seen)) child.kill("SIGINT");
        });
      },
    });
    assert.equal(interrupted.code, 130);
    const { stderr } = await space.succeed([...flags, "--output=type=local,dest=files", "context"]);
    assert.match(stderr, /^#\d+ [\d.]* ?begun$/m, "it ran again");
    assert.equal(readFileSync(join(space.directory, "files/state"), "utf8"), "done\n");
  });
});

void describe("a step that is shown files", () => {
  const from = (command: string, ...stages: string[]): string =>
    [...stages, `FROM busybox\nRUN ${command}\n`].join("\n");
  const letters = "FROM busybox AS letters\nRUN mkdir /a /b && echo a > /a/f && echo b > /b/f";
  const more = "FROM busybox AS more\nRUN mkdir /a && echo c > /a/f";
  const cases: readonly (readonly [what: string, before: string, after: string, log: RegExp])[] = [
    [
      "at another path of a stage",
      from("--mount=from=letters,source=/a,target=/m cat /m/f", letters),
      from("--mount=from=letters,source=/b,target=/m cat /m/f", letters),
      / b$/m,
    ],
    [
      "of another stage that it has anyway",
      ...(["letters", "more"].map((stage) =>
        from(
          `--mount=from=letters,target=/1 --mount=from=more,target=/2 --mount=from=${stage},target=/3 cat /3/a/f`,
          ...[letters, more],
        ),
      ) as [string, string]),
      / c$/m,
    ],
    [
      "in a directory of another mode",
      ...([755, 700].map((mode) =>
        from(
          "--mount=from=made,source=/a,target=/m stat -c %a /m",
          `FROM busybox AS made\nRUN mkdir -m ${mode} /a && touch /a/f`,
        ),
      ) as [string, string]),
      / 700$/m,
    ],
    [
      "as a file, and not in a directory",
      from("--mount=from=letters,source=/a,target=/m test -d /m", letters),
      from("--mount=from=letters,source=/a/f,target=/m test -d /m", letters),
      /exit code: 1/,
    ],
  ];
  for (const [what, before, after, log] of cases)
    void it(`is another one when it is shown them ${what}`, async () => {
      await using space = workspace();
      const args = [...flags, "--output=type=cacheonly", "-f", "-", "."];
      await space.succeed(args, { input: before });
      const { stderr } = await space.tsbuild(args, { input: after });
      assert.match(stderr, log);
    });
});
