// SPDX-License-Identifier: Apache-2.0
// Root of a container that is not privileged: it may not mount, and has to make a user namespace, in which it has all ids all
// the same. The container is played by its capabilities (those of Docker's default).

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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

/** A build of `context/` into an archive that is the same wherever it is made; its id is in a file of that name. */
const args = (name: string): string[] => [
  ...baseContexts("busybox"),
  "--network=none",
  "--build-arg=SOURCE_DATE_EPOCH=1700000000",
  `--iidfile=${name}.iid`,
  "-o",
  `type=oci,dest=${name}.tar,rewrite-timestamp=true`,
  "context",
];

describe("root of a container", { skip: asRoot ? false : "only root can play it" }, () => {
  it("makes the image that root of a machine makes, owners of files included", async () => {
    await using space = workspace();
    const context = join(space.directory, "context");
    makeTree(context, { Dockerfile: dockerfile, file: "copied\n" });
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

const withoutRun = `FROM busybox AS base
WORKDIR /made/on/the/way
COPY --chown=1000:33 --chmod=4750 file /copied
ADD --chown=7:8 archive.tar /unpacked/
FROM scratch AS middle
COPY --from=base /made /made
COPY --from=base /unpacked/. /
FROM base
COPY --link --from=middle / /middle/
COPY <<text /etc/motd
hello
text
VOLUME /data
CMD ["sh"]
`;

describe(
  "root of a container that allows no namespaces",
  {
    skip: asRoot ? false : "only root can play it",
  },
  () => {
    it("makes the image that root of a machine makes, where nothing is run", async () => {
      await using space = workspace();
      const context = join(space.directory, "context");
      makeTree(context, {
        Dockerfile: withoutRun,
        Run: "FROM busybox\nRUN true\n",
        file: "file\n",
      });
      execFileSync("tar", ["-cf", "archive.tar", "--owner=3000", "--group=50", "file"], {
        cwd: context,
      });
      await space.succeed(args("machine"));
      const built = await inBareContainer(space.directory, args("container"));
      assert.equal(built.code, 0, built.stderr);
      assert.match(built.stderr, /WARNING: layers are stacked by copy.*no command be run/);
      const id = (name: string): string =>
        readFileSync(join(space.directory, `${name}.iid`), "utf8").trim();
      assert.equal(id("container"), id("machine"));
      const files = await inBareContainer(space.directory, [
        ...baseContexts("busybox"),
        "--output=files",
        "context",
      ]);
      assert.equal(files.code, 0, files.stderr);
      assert.equal(statSync(join(space.directory, "files", "copied")).mode & 0o7777, 0o4750);
      const ran = await inBareContainer(space.directory, [
        ...baseContexts("busybox"),
        "--network=none",
        "--file=context/Run",
        "context",
      ]);
      assert.equal(ran.code, 1);
      assert.match(ran.stderr, /^ERROR: .*cannot make a user namespace/m);
      const { stdout } = await inBareContainer(space.directory, ["info"]);
      assert.match(stdout, /^ok +storage driver: copy \(nothing can be mounted/m);
    });
  },
);

/** A user namespace of all ids, with the limit of further ones at 0. Maps are written from outside. */
async function inBareContainer(
  directory: string,
  command: readonly string[],
): Promise<Pick<RunResult, "code" | "stdout" | "stderr">> {
  // Only what is executed as root has root's capabilities.
  const limited =
    'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set "$0" "$@"';
  const words = [capabilities, process.execPath, program, ...command];
  const child = spawn(
    "unshare",
    ["--user", "sh", "-c", 'read -r go; exec sh -c "$0" "$@"', limited, ...words],
    {
      cwd: directory,
      env: {
        ...process.env,
        TSBUILD_ROOT: join(directory, "bare"),
        TMPDIR: directory,
      },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const [ended, stdout, stderr] = [once(child, "close"), text(child.stdout), text(child.stderr)];
  await inNamespaceOfItsOwn(child.pid ?? 0);
  for (const map of ["uid_map", "gid_map"])
    writeFileSync(`/proc/${child.pid ?? 0}/${map}`, "0 0 4294967295");
  child.stdin.end("\n");
  const [code] = (await ended) as [number | null];
  return { code, stdout: await stdout, stderr: await stderr };
}

async function inNamespaceOfItsOwn(pid: number): Promise<void> {
  const ours = readlinkSync("/proc/self/ns/user");
  while (readlinkSync(`/proc/${pid}/ns/user`) === ours) await sleep(5);
}

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
