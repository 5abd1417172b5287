// SPDX-License-Identifier: Apache-2.0
// Limits on a machine whose controllers belong to version 2: in a delegated group, in a namespace whose root is our own group, and
// where there is no group to be had. scripts/vm-cgroup2.sh runs this, and the other tests of limits, in a virtual machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readLayout } from "#src/sandbox/cgroup-layout.js";
import { cgroupSupport } from "#src/sandbox/cgroup.js";
import { baseContexts, program, run, workspace, type RunResult } from "../support/runner.js";
import { asRoot } from "../support/sandbox.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

const support = cgroupSupport();
const mount = readLayout().unified?.mount ?? "";
const notV2 =
  support?.version === 2 ? false : "the controllers of this machine are not version 2's";
const notRoot = asRoot ? notV2 : "needs root";
const delegated = support?.usable.includes("memory") === true && !asRoot;

const dockerfile = `FROM busybox
RUN cd /sys/fs/cgroup && cat /proc/self/cgroup pids.max && ! mkdir x 2>/dev/null
RUN cat /sys/fs/cgroup/memory.max || true
`;
const build = [
  "build",
  "--no-cache",
  "--progress=plain",
  "--network=none",
  ...baseContexts("busybox"),
];

/** Groups of steps below a group, and the one for processes that were in the way. */
function groupsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith("tsbuild-"))
    .map(({ name }) => name);
}

/** The kernel takes a moment to let go of a process that was killed. */
async function removeWhenEmpty(directory: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if (readFileSync(join(directory, "cgroup.procs"), "utf8") === "") break;
    await sleep(20);
  }
  rmdirSync(directory);
}

function removeGroups(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroups(join(directory, entry.name));
  rmdirSync(directory);
}

/** Runs a shell script in a new group at the root, whose name it is told. */
async function inGroup(
  script: string,
  body: (result: RunResult, group: string) => void,
): Promise<void> {
  const group = join(mount, `test-${process.pid}`);
  mkdirSync(group);
  try {
    const env = { TSBUILD_ROOT: space.store, GROUP: group };
    const line = `echo $$ >"$GROUP/cgroup.procs" && ${script}`;
    const command = ["-c", line, "sh", process.execPath, program, ...build];
    body(await run("sh", command, { cwd: space.directory, env, input: dockerfile }), group);
  } finally {
    removeGroups(group);
  }
}

const ownMount = "umount /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup";

describe("limits of version 2", () => {
  it(
    "hold in a delegated group, out of which our processes are moved",
    { skip: notV2 },
    async (t) => {
      if (!delegated) {
        t.skip(asRoot ? "root has a group of its own" : "no group is delegated to this user");
        return;
      }
      const { stderr } = await space.succeed([...build, "--memory=64m", "--pids-limit=20", "-"], {
        input: dockerfile,
      });
      assert.match(stderr, /0::\/\n[^\n]* 20\n/);
      assert.match(stderr, / 67108864\n/);
      const { own } = readLayout().unified ?? { own: "" };
      assert.match(own, /\/tsbuild-others$/);
      assert.deepEqual(groupsIn(join(mount, own, "..")), ["tsbuild-others"]);
    },
  );
  it("are refused to a user without a group, with what to do", { skip: notV2 }, async (t) => {
    if (asRoot || delegated) {
      t.skip("there is a group");
      return;
    }
    for (const flags of [["--memory=64m"], ["--cgroup-parent=/nothing"]]) {
      const { stderr } = await space.fail(1, [...build, ...flags, "-"], { input: dockerfile });
      assert.match(stderr, /the control group \/\S* is not this user's to change/);
      assert.match(stderr, /systemd-run --user --scope -p Delegate=yes tsbuild/);
    }
  });
  it(
    "of controllers that the group was not given are refused by name",
    { skip: notV2 },
    async (t) => {
      if (!delegated || support.usable.includes("cpuset")) {
        t.skip("needs a group without cpuset");
        return;
      }
      const { stderr } = await space.fail(1, [...build, "--cpuset-cpus=0", "-"], {
        input: dockerfile,
      });
      assert.match(stderr, /does not have cpuset \(it has [a-z, ]+\)/);
      assert.match(stderr, /systemctl edit user@\.service/);
    },
  );
  // Without memory among the controllers the kernel turns them on beside processes, and no process can join then.
  for (const flags of ["--memory=64m --pids-limit=20", "--pids-limit=20"])
    it(
      `hold where our group is the root of a namespace (${flags})`,
      { skip: notRoot },
      async () => {
        const inside = `${ownMount} && "$@" ${flags} - && cat /proc/self/cgroup`;
        const script = `exec unshare --cgroup --mount sh -c '${inside}' sh "$@"`;
        await inGroup(script, (result, group) => {
          assert.equal(result.code, 0, result.stderr);
          assert.match(result.stderr, /0::\/\n[^\n]* 20\n/);
          assert.equal(result.stdout.trim().split("\n").at(-1), "0::/tsbuild-others");
          assert.deepEqual(groupsIn(group), ["tsbuild-others"]);
        });
      },
    );
  it(
    "are refused where control groups are read-only or another namespace's",
    { skip: notRoot },
    async () => {
      const script = (prepare: string): string =>
        `exec unshare --cgroup --mount sh -c '${prepare}"$@" --memory=64m -' sh "$@"`;
      await inGroup(script(""), ({ stderr }) => {
        assert.match(stderr, /shows the control groups of another namespace/);
      });
      await inGroup(
        script(`${ownMount} && mount -o remount,bind,ro /sys/fs/cgroup && `),
        ({ stderr }) => {
          assert.match(stderr, /control groups are mounted read-only/);
        },
      );
    },
  );
  it("are refused below a group with processes of others", { skip: notRoot }, async () => {
    const group = join(mount, `test-busy-${process.pid}`);
    mkdirSync(group);
    const other = spawn("sleep", ["300"]);
    try {
      writeFileSync(join(group, "cgroup.procs"), String(other.pid));
      const flags = [`--cgroup-parent=/test-busy-${process.pid}`, "--pids-limit=5", "-"];
      const { stderr } = await space.fail(1, [...build, ...flags], { input: dockerfile });
      assert.match(stderr, /the control group \/test-busy-\d+ holds processes/);
    } finally {
      other.kill("SIGKILL");
      await once(other, "exit");
      await removeWhenEmpty(group);
    }
  });
  it(
    "of processors that the groups above do not have are refused",
    { skip: notRoot },
    async (t) => {
      if (availableParallelism() < 2) {
        t.skip("needs two processors");
        return;
      }
      const parent = join(mount, `test-cpus-${process.pid}`);
      mkdirSync(parent);
      try {
        if (!existsSync(join(parent, "cpuset.cpus")))
          writeFileSync(join(mount, "cgroup.subtree_control"), "+cpuset");
        writeFileSync(join(parent, "cpuset.cpus"), "0");
        const flags = [`--cgroup-parent=/test-cpus-${process.pid}`, "--cpuset-cpus=1", "-"];
        const { stderr } = await space.fail(1, [...build, ...flags], { input: dockerfile });
        assert.match(stderr, /cannot limit cpuset: none of 1 can be had: \S+ has 0/);
        assert.deepEqual(groupsIn(parent), []);
      } finally {
        rmdirSync(parent);
      }
    },
  );
});
