// SPDX-License-Identifier: Apache-2.0
// Root of a container that is not privileged: it may not mount, and has to make a user namespace, in which it has all ids all
// the same. The container is played by its capabilities (those of Docker's default).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, program, run, workspace, type RunResult } from "../support/runner.js";
import { asRoot } from "../support/sandbox.js";
import { makeTree } from "../support/tree.js";

const names =
  "audit_write chown dac_override fowner fsetid kill mknod net_bind_service net_raw setfcap setgid setpcap setuid sys_chroot";
const capabilities = `-all,${names.replaceAll(/\w+/g, "+$&").replaceAll(" ", ",")}`;

const dockerfile = `FROM busybox
COPY --chown=1000:33 file /copied
RUN mkdir /d && echo x > /d/f && chown -R 5000:70000 /d && chmod 4755 /d/f && ln -s f /d/l && rm /copied
USER 1234:99
RUN [ "$(id -u):$(id -g)" = 1234:99 ] && ! touch /d/g 2> /dev/null
USER root
RUN chown 70000:5000 /d/f && rm -r /bin/arch /d/l
`;

describe("root of a container", { skip: asRoot ? false : "only root can play it" }, () => {
  it("makes the image that root of a machine makes, owners of files included", async () => {
    await using space = workspace();
    const context = join(space.directory, "context");
    makeTree(context, { Dockerfile: dockerfile, file: "copied\n" });
    const args = (name: string): string[] => [
      ...baseContexts("busybox"),
      "--network=none",
      "--build-arg=SOURCE_DATE_EPOCH=1700000000",
      `--iidfile=${name}.iid`,
      "-o",
      `type=oci,dest=${name}.tar,rewrite-timestamp=true`,
      "context",
    ];
    const inContainer = (command: readonly string[]): Promise<RunResult> =>
      run("setpriv", ["--bounding-set", capabilities, process.execPath, program, ...command], {
        cwd: space.directory,
        env: { TSBUILD_ROOT: join(space.directory, "container"), TMPDIR: space.directory },
      });
    const { stdout } = await inContainer(["info"]);
    assert.match(stdout, /^ok +id maps: root of a container: all of its ids$/m);
    await space.succeed(args("machine"));
    const result = await inContainer(args("container"));
    assert.equal(result.code, 0, result.stderr);
    const id = (name: string): string =>
      readFileSync(join(space.directory, `${name}.iid`), "utf8").trim();
    assert.equal(id("container"), id("machine"));
  });
});

describe("a user with one id", { skip: asRoot ? false : "only root can play it" }, () => {
  it("builds a context with files that it may not read, where they are left out", async () => {
    await using space = workspace();
    const context = join(space.directory, "context");
    makeTree(context, {
      Dockerfile: "FROM scratch\nCOPY . /\n",
      ".dockerignore": "secret\n",
      file: "file\n",
      secret: "secret\n",
    });
    const secret = join(context, "secret");
    execFileSync("setfattr", ["-n", "user.note", "-v", "x", secret]);
    chownSync(secret, 12345, 12345);
    chmodSync(secret, 0o600);
    const command = ["--output=files", "context"];
    const build = (): Promise<RunResult> =>
      run("unshare", ["--user", "--map-root-user", process.execPath, program, ...command], {
        cwd: space.directory,
        env: { TSBUILD_ROOT: join(space.directory, "alone"), TMPDIR: space.directory },
      });
    const { code, stderr } = await build();
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(join(space.directory, "files")).sort(), [
      ".dockerignore",
      "Dockerfile",
      "file",
    ]);
    rmSync(join(context, ".dockerignore"));
    const needed = await build();
    assert.equal(needed.code, 1);
    assert.match(needed.stderr, /^ERROR: .*secret.*EACCES/m);
  });
});
