// SPDX-License-Identifier: Apache-2.0
// Images and steps that mean harm: each attack is made, and the host's canaries are looked at afterwards.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import type { LayerDirId, Root, RunMount } from "#src/sandbox/index.js";
import { addProbe, assertTidy, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";

let box: SandboxFixture;
let canary: string;
before(() => {
  box = sandboxFixture();
  canary = join(box.directory, "canary");
  mkdirSync(canary);
  for (const name of ["hosts", "resolv.conf", "passwd", "null", "sys", "kcore"])
    writeFileSync(join(canary, name), "host\n");
});
after(async () => box[Symbol.asyncDispose]());

const code =
  (...wanted: string[]) =>
  (error: unknown) =>
    wanted.some((one) => isTsbuildError(error, one));

let count = 0;
/** The image with a layer on top in which something is bent. */
function bent(make: (layer: string) => void): Root {
  const id = `bent-${++count}`;
  make(box.layer(id));
  return {
    kind: "stack",
    lowers: ["base" as LayerDirId, id as LayerDirId],
    upper: `${id}-upper` as LayerDirId,
  };
}

function canaryIsWell(): void {
  assert.deepEqual(readdirSync(canary).sort(), [
    "hosts",
    "kcore",
    "null",
    "passwd",
    "resolv.conf",
    "sys",
  ]);
  for (const name of readdirSync(canary))
    assert.equal(readFileSync(join(canary, name), "utf8"), "host\n");
}

describe("an image whose system directories are symlinks", () => {
  for (const name of ["proc", "sys", "dev"])
    it(`is refused for /${name} (CVE-2021-30465, CVE-2023-27561)`, async () => {
      const root = bent((layer) => {
        symlinkSync(canary, join(layer, name));
      });
      await assert.rejects(box.step("true", { root }), code("SANDBOX_MOUNT_TARGET"));
      canaryIsWell();
    });
  it("stays inside itself for /etc", async () => {
    const root = bent((layer) => {
      symlinkSync(canary, join(layer, "etc"));
    });
    const { stdout } = await box.step("cat /etc/hosts; id -u", { root });
    assert.equal(stdout, "127.0.0.1 localhost box\n0\n");
    canaryIsWell();
  });
  it("cannot offer a /dev/null of its own (CVE-2025-31133)", async () => {
    const root = bent((layer) => {
      mkdirSync(join(layer, "dev"));
      symlinkSync(join(canary, "null"), join(layer, "dev/null"));
    });
    const { stdout } = await box.step(
      "stat -c %F /dev/null; cat /proc/keys | wc -c; echo x >/dev/null",
      { root },
    );
    assert.equal(stdout, "character special file\n0\n");
    canaryIsWell();
  });
});

describe("an image's user database", () => {
  const refuses = (name: string, make: (path: string) => void, ...codes: string[]): void => {
    it(`is refused as ${name} (CVE-2024-9676)`, async () => {
      const root = bent((layer) => {
        mkdirSync(join(layer, "etc"));
        make(join(layer, "etc/passwd"));
      });
      await assert.rejects(box.step("true", { root, user: "daemon" }), code(...codes));
    });
  };
  refuses(
    "a link to a device",
    (path) => {
      symlinkSync("/dev/zero", path);
    },
    "SANDBOX_USER",
  );
  refuses(
    "a link to the host",
    (path) => {
      symlinkSync("/etc/../../../../../../etc/shadow", path);
    },
    "SANDBOX_USER",
  );
  refuses(
    "a fifo",
    (path) => {
      rmSync(path, { force: true });
      execFileSync("mkfifo", [path]);
    },
    "SANDBOX_USER",
  );
  refuses(
    "more than 10 MiB",
    (path) => {
      writeFileSync(path, Buffer.alloc((10 << 20) + 1, "x"));
    },
    "SANDBOX_USER",
  );
  it("may hold any nonsense", async () => {
    const root = bent((layer) => {
      mkdirSync(join(layer, "etc"));
      writeFileSync(
        join(layer, "etc/passwd"),
        `\n:::\nroot:x\na:x:99999999999999999999:1::/:\nb:x:-1:-1::/:\n${"c".repeat(70000)}:x:5:5::/:\nd:x:12:13::/home/d`,
      );
    });
    assert.equal((await box.step("id -u; id -g", { root, user: "d" })).stdout, "12\n13\n");
    for (const user of ["a", "b", ":", "-1", "4294967296", "1 2"])
      await assert.rejects(
        box.step("true", { root, user: user === ":" ? "x:" : user }),
        code("SANDBOX_USER"),
        user,
      );
  });
});

describe("a working directory", () => {
  // Every number that the helper may have in use while it looks for the directory.
  for (const cwd of Array.from({ length: 32 }, (_, i) => `/proc/self/fd/${i + 3}`))
    it(`cannot be ${cwd} (CVE-2024-21626)`, async () => {
      await assert.rejects(
        box.step("pwd; ls ../../..", { cwd }),
        code("SANDBOX_WORKING_DIRECTORY"),
      );
    });
  it("that is a link to a link to the host stays inside", async () => {
    const root = bent((layer) => {
      symlinkSync(`../../../..${canary}`, join(layer, "w"));
    });
    const { stdout } = await box.step("ls | wc -l; pwd -P", { root, cwd: "/w" });
    assert.equal(stdout, `0\n${canary}\n`);
    canaryIsWell();
  });
  it("cannot be a file", async () => {
    await assert.rejects(
      box.step("true", { cwd: "/etc/passwd" }),
      code("SANDBOX_WORKING_DIRECTORY"),
    );
  });
});

describe("the helper's own program", () => {
  it("ends at once when it is a step's command or interpreter (CVE-2019-5736)", async (t) => {
    if (process.env["TSBUILD_HELPER"]?.endsWith("-sanitize") === true) {
      t.skip("the helper with sanitizers needs a loader, which the image does not have");
      return;
    }
    const root = bent((layer) => {
      writeFileSync(join(layer, "script"), "#!/proc/self/exe run\n", { mode: 0o755 });
      symlinkSync("/proc/self/exe", join(layer, "link"));
    });
    for (const argv of [["/proc/self/exe", "--version"], ["/script"], ["/link", "probe"]]) {
      const { result, stdout } = await box.step("", { root, argv });
      assert.deepEqual([result, stdout], [{ kind: "exited", code: 64 }, ""], argv[0]);
    }
  });
  it("is not what process 1 runs", async () => {
    assert.equal((await box.step("readlink /proc/1/exe")).stdout, "/bin/busybox\n");
  });
});

describe("what the step can see of its builder", () => {
  it("is neither its environment nor its processes (CVE-2021-3602)", async () => {
    process.env["TSBUILD_TEST_SECRET"] = "s3cr3t-of-the-builder";
    try {
      const { stdout } = await box.step("cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'");
      assert.ok(!stdout.includes("s3cr3t"));
    } finally {
      delete process.env["TSBUILD_TEST_SECRET"];
    }
  });
  it("is not the host's mounts", async () => {
    const { stdout } = await box.step("cat /proc/self/mountinfo");
    assert.ok(!stdout.includes(box.directory));
    assert.ok(!stdout.includes(" /proc/sys/fs/binfmt_misc "));
  });
});

describe("the root of a step", () => {
  it("has nothing over it, at /..: neither the host's nor the file system of its own secrets", async () => {
    box.layer("more");
    const { result, stdout } = await box.step(
      "cat /s /m/etc/passwd >/dev/null && cd /.. && ls -di / /.. . && (mknod x b 7 0; ! cat x) 2>/dev/null",
      {
        mounts: [
          { kind: "file", target: "/s", bytes: Buffer.from("s"), mode: 0o400, uid: 0, gid: 0 },
          {
            kind: "bind",
            source: { kind: "stack", lowers: ["base", "more"] as LayerDirId[] },
            sourcePath: "/",
            target: "/m",
            readOnly: true,
          },
        ],
      },
    );
    assert.deepEqual(result, { kind: "exited", code: 0 }, stdout);
    assert.equal(new Set(stdout.match(/^ *\d+/gm)).size, 1, stdout);
  });
});

describe("a step that a server has started", () => {
  it("is and has what one that the builder started itself is and has", async () => {
    await using fresh = sandboxFixture();
    const command = `
      for fd in /proc/self/fd/*; do ls -l $fd | sed 's/.*proc/proc/; s/[0-9][0-9][0-9]*]/N]/'; done
      grep -vE '^(Pid|Tgid|NSpid|Vm|Rss|Hugetlb|.*ctxt|Name|Cpus|Mems|Speculation)' /proc/self/status
      cat /proc/self/limits /proc/self/oom_score_adj /proc/self/coredump_filter /proc/self/loginuid
      cat /proc/self/cgroup /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups /proc/self/environ
      cut -d' ' -f4-8,18,19,40,41 /proc/self/stat
      sed -E 's/^[0-9]+ [0-9]+ //; s/upper-[0-9]+|[0-9]+:[0-9]+//g; s/,(lower|upper|work)dir[^ ]*//' /proc/self/mountinfo
      umask; pwd; cat /proc/1/comm; wc -l < /proc/net/unix; tty`;
    const said: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { result, stdout, stderr } = await fresh.step(command);
      assert.deepEqual(result, { kind: "exited", code: 1 }, "there is no terminal");
      said.push(stdout + stderr);
    }
    assert.match(said[0] ?? "", /^proc\/self\/fd\/0 -> \/dev\/null$/m);
    assert.equal(said[1], said[0]);
    assert.equal(said[2], said[0]);
  });
  it("hears and says what is its own, whoever else is at it", async () => {
    const line = (i: number): string => `${i}-`.repeat(20);
    const steps = Array.from({ length: 6 }, (_, i) => i);
    const loop = "i=0; while [ $i -lt 4000 ]; do echo";
    await Promise.all(
      steps.map(async (i) => {
        const command = `cat /etc/hosts; (${loop} ${line(i)} >&2; i=$((i+1)); done) & ${loop} ${line(i)}; i=$((i+1)); done; wait; exit ${i}`;
        const { result, stdout, stderr } = await box.step(command, { hosts: `host ${i}\n` });
        assert.deepEqual(result, { kind: "exited", code: i });
        assert.equal(stderr, `${line(i)}\n`.repeat(4000));
        assert.equal(stdout, `host ${i}\n${stderr}`);
      }),
    );
  });
  it("is one of as many as there are at a time", async () => {
    // More than the server has; those before them go on.
    const steps = Array.from({ length: 72 }, (_, i) => i);
    const ended = await Promise.all(steps.map((i) => box.step(`sleep 4; echo ${i}`)));
    assert.deepEqual(
      ended.map(({ stdout }) => stdout),
      steps.map((i) => `${i}\n`),
    );
  });
});

describe("a step without a base image", () => {
  it("hides nothing from the steps after it by attributes of overlayfs", async () => {
    addProbe(box);
    const [alone, after] = ["alone" as LayerDirId, "after-alone" as LayerDirId];
    const base: Root = { kind: "stack", lowers: ["base" as LayerDirId] };
    const tools = { kind: "bind", source: base, sourcePath: "/", target: "/a", readOnly: true };
    const step = async (root: Root, ...argv: string[]): Promise<string> => {
      const { result, stdout } = await box.step("", { root, argv, mounts: [tools as RunMount] });
      assert.deepEqual(result, { kind: "exited", code: 0 });
      return stdout;
    };
    await step({ kind: "stack", lowers: [], upper: alone }, "/a/bin/try-syscall", "hide");
    await assertTidy(join(box.store, "snapshots", alone));
    const later: Root = { kind: "stack", lowers: [alone], upper: after };
    assert.equal(await step(later, "/a/bin/busybox", "ls", "/d"), "f\n");
  });
});

describe("when the builder is killed", () => {
  // A builder starts its first step itself, and those after it through a server.
  for (const [which, network] of [
    ["first", "none"],
    ["second", "none"],
    ["second", "default"],
  ] as const)
    it(`the ${which} step, its helper and its network (${network}) die with it`, async () => {
      const marker = `${process.pid}${count++}31`;
      const program = `
        import { createSandbox } from ${JSON.stringify(join(process.cwd(), "dist/sandbox/index.js"))};
        const sandbox = createSandbox({ storeRoot: ${JSON.stringify(box.store)} });
        const step = (upper, command) => sandbox.run({ root: { kind: "stack", lowers: ["base"], upper },
          argv: ["/bin/sh", "-c", command], env: ["PATH=/bin"], cwd: "/",
          user: "", hostname: "h", hosts: "", resolvConf: "", network: ${JSON.stringify(network)}, security: "sandbox", mounts: [],
          limits: {} }, { onOutput: () => undefined, signal: new AbortController().signal });
        if (${which === "second"}) await step("before-${marker}", "true");
        await step("killed-${marker}", "trap '' TERM INT HUP; sleep ${marker} & sleep ${marker}");`;
      const builder = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      try {
        for (let tries = 0; running(marker) < 2 && tries < 200; tries++) await sleep(50);
        assert.equal(running(marker), 2);
      } finally {
        builder.kill("SIGKILL");
      }
      for (let tries = 0; running(marker) > 0 && tries < 40; tries++) await sleep(50);
      assert.equal(running(marker), 0);
      // The next step in the same layer is not disturbed by what was left.
      const root: Root = {
        kind: "stack",
        lowers: ["base" as LayerDirId],
        upper: `killed-${marker}` as LayerDirId,
      };
      assert.equal((await box.step("echo well", { root })).stdout, "well\n");
      await assertTidy(join(box.store, "snapshots", `killed-${marker}`));
    });
  it("ends with the server that started it, which is said, and the next step has another", async () => {
    const marker = `${5_000_000 + (process.pid % 1_000_000)}`;
    await box.step("true");
    const killServer = async (): Promise<void> => {
      for (let tries = 0; running(marker) === 0 && tries < 300; tries++) await sleep(10);
      const servers = processesWith((line) => line.endsWith("\0serve\0"));
      const ours = servers.filter((pid) => parentOf(pid) === process.pid);
      assert.equal(ours.length, 1);
      for (const pid of ours) process.kill(pid, "SIGKILL");
    };
    await Promise.all([
      assert.rejects(box.step("", { argv: ["sleep", marker] }), (error) =>
        isTsbuildError(error, "SANDBOX_HELPER_CRASHED"),
      ),
      killServer(),
    ]);
    for (let tries = 0; running(marker) > 0 && tries < 100; tries++) await sleep(50);
    assert.equal(running(marker), 0);
    assert.equal((await box.step("echo well")).stdout, "well\n");
  });
  for (const [what, before] of [
    ["ends with the helper when that is killed, which is said, and leaves nothing", []],
    [
      "ends with the helper although it took its own parent-death signal away",
      ["/bin/try-syscall", "orphan"],
    ],
  ] as const)
    it(what, async () => {
      if (before.length > 0) addProbe(box);
      const marker = `${4_000_000 + count++ * 10_000_000 + (process.pid % 1_000_000)}`;
      const killHelper = async (): Promise<void> => {
        for (let i = 0; i < 300; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          const step = processesWith((line) => line === `/bin/sleep\0${marker}\0`);
          if (step[0] === undefined) continue;
          process.kill(parentOf(step[0]), "SIGKILL");
          return;
        }
        assert.fail("the step did not start");
      };
      const step = box.step("", { argv: [...before, "/bin/sleep", marker] });
      await Promise.all([
        assert.rejects(step, (error) => isTsbuildError(error, "SANDBOX_HELPER_CRASHED")),
        killHelper(),
      ]);
      for (let i = 0; i < 100; i++) {
        if (processesWith((line) => line.includes(marker)).length === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const left = processesWith((line) => line.includes(marker));
      for (const pid of left) process.kill(pid, "SIGKILL");
      assert.deepEqual(left, []);
      // The same upper can be written to again, whatever the dead helper left in it.
      assert.deepEqual((await box.step("echo x >/x")).result, { kind: "exited", code: 0 });
    });
});

function parentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}

function running(argument: string): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(argument);
      } catch {
        return false; // it ended between the two looks
      }
    }).length;
}

/** Processes by their command line. */
function processesWith(matches: (line: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && matches(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        return false; // gone meanwhile
      }
    });
}
