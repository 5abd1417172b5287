// SPDX-License-Identifier: Apache-2.0
// `--debug-shell`: a terminal where a command failed.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { baseContexts, workspace } from "../support/runner.js";
import { records } from "../support/store-records.js";
import { onTerminal } from "../support/terminal.js";

const space = workspace();
after(async () => {
  assert.deepEqual(await records(space, "type=internal", "id!=store"), []);
  await space[Symbol.asyncDispose]();
});

/** The arguments of a build of this Dockerfile. */
function build(name: string, dockerfile: string): string[] {
  mkdirSync(join(space.directory, name));
  writeFileSync(join(space.directory, name, "Dockerfile"), `FROM busybox\n${dockerfile}`);
  return ["build", "--network=none", ...baseContexts("busybox"), "--debug-shell", name];
}

describe("a command that fails", () => {
  it("has a shell in its place, with its files, mounts, environment and directory", async () => {
    writeFileSync(join(space.directory, "secret"), "hidden");
    const args = build(
      "files",
      "ENV VARIABLE=value\nWORKDIR /work\nRUN --mount=type=secret,id=s echo le''ft > file; exit 7\n",
    );
    const term = onTerminal(space, [...args, "--secret", "id=s,src=secret"]);
    await term.shows(/exit code: 7[\s\S]*\/bin\/sh where it failed/);
    await term.shows(/# /);
    term.type("cat file; echo $VARIABLE $TERM; pwd; cat /run/secrets/s; tty\r");
    await term.shows(/left\r\nvalue xterm\r\n\/work\r\nhidden\/dev\/pts\/0\r\n/);
    term.type("exit 0\r");
    await term.shows(/exit code: 7/);
    assert.deepEqual(await term.end(), { code: 1, restored: true });
  });

  it("has one, and of several the first, whatever else fails", async () => {
    const args = build(
      "several",
      `RUN sleep 1; exit 3
FROM busybox AS other
RUN sleep 1; exit 4
FROM busybox
COPY --from=0 / /a
COPY --from=other / /b
`,
    );
    const term = onTerminal(space, args);
    await term.shows(/where it failed/);
    await term.shows(/# /);
    term.type("sleep 2; echo do''ne; exit\r");
    await term.shows(/done\r\n/);
    const { code, restored } = await term.end();
    assert.deepEqual({ code, restored }, { code: 1, restored: true });
  });

  it("has none without a terminal, or when its image has no shell", async () => {
    const { stderr } = await space.fail(2, build("pipe", "RUN true\n"), { input: "" });
    assert.match(stderr, /--debug-shell.*no terminal/);
    const term = onTerminal(space, build("none", 'RUN ["/bin/rm", "/bin/sh", "/nothing"]\n'));
    await term.shows(/no shell: /);
    await term.shows(/exit code: 1/);
    assert.deepEqual(await term.end(), { code: 1, restored: true });
  });
});
