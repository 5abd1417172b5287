// SPDX-License-Identifier: Apache-2.0
// What a step can see and do: how it ends, its environment, users, privileges, file systems, limits, network.

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { readLayout } from "#src/sandbox/cgroup-layout.js";
import { defaultConfinement, type Root } from "#src/sandbox/index.js";
import { diffOf, writable } from "../support/layers.js";
import {
  addProbe,
  asRoot,
  assertTidy,
  sandboxFixture,
  type SandboxFixture,
} from "../support/sandbox.js";

let box: SandboxFixture;
before(() => {
  box = sandboxFixture();
});
after(async () => box[Symbol.asyncDispose]());

function skipParent(): string | false {
  if (!asRoot) return "needs root";
  return readFileSync("/proc/self/mountinfo", "utf8").includes(" - cgroup2 ")
    ? false
    : "no hierarchy of version 2 is mounted";
}

const ok = { kind: "exited", code: 0 } as const;
/** Calls by the 32-bit ABI that are not refused with EPERM; docs/security.md says why socketcall cannot be filtered. */
const compatAnswers: Readonly<Record<string, string>> = {
  "32_clone3": "ENOSYS",
  "32_socketcall": "EAFNOSUPPORT",
};
const code = (wanted: string) => (error: unknown) => isTsbuildError(error, wanted);

describe("how a step ends", () => {
  it("passes on exit codes", async () => {
    assert.deepEqual((await box.step("exit 42")).result, { kind: "exited", code: 42 });
  });
  it("names the signal that ended the command", async () => {
    // As process 1 it is safe from its own namespace's signals, unless it faults.
    box.layer("base");
    const { result } = await box.step("ulimit -t 1; while :; do :; done");
    assert.equal(result.kind, "signaled");
  });
  it("keeps stdout and stderr apart and hands on all of them", async () => {
    const { stdout, stderr, result } = await box.step(
      "dd if=/dev/zero bs=1024 count=2000 2>/dev/null | tr '\\0' x; echo err >&2",
    );
    assert.deepEqual(result, ok);
    assert.equal(stdout.length, 2_048_000);
    assert.equal(stderr, "err\n");
  });
  it("has an empty stdin", async () => {
    assert.equal((await box.step("wc -c")).stdout.trim(), "0");
  });
  it("lets /dev/stdout and /dev/stderr be opened, also by an ordinary user", async () => {
    const { stdout, stderr } = await box.step("echo a >/dev/stdout; echo b >/dev/stderr", {
      user: "daemon",
    });
    assert.deepEqual([stdout, stderr], ["a\n", "b\n"]);
  });
  it("says what is wrong with a command that cannot be started", async () => {
    await assert.rejects(box.step("", { argv: ["nowhere"] }), (error) => {
      assert.ok(isTsbuildError(error, "SANDBOX_EXEC"));
      assert.deepEqual(error.details, {
        verb: "run",
        reason: "exec",
        path: "nowhere",
        errno: "ENOENT",
      });
      return true;
    });
    await assert.rejects(box.step("", { argv: ["/etc/passwd"] }), code("SANDBOX_EXEC"));
  });
  it("ends every process of the step, double forks and sessions included", async () => {
    const marker = `${process.pid}${Date.now()}`.slice(-9);
    const { result } = await box.step(
      `(setsid sh -c 'trap "" TERM HUP; sleep ${marker}' >/dev/null 2>&1 &) ; (sleep ${marker} &) ; exit 0`,
    );
    assert.deepEqual(result, ok);
    assert.equal(processesWith(marker), 0);
  });
  it("stops at an abort within a second and gives the reason", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const started = Date.now();
    setTimeout(() => {
      abort.abort(reason);
    }, 300);
    await assert.rejects(
      box.step("trap '' TERM INT; sleep 100", {}, abort.signal),
      (error) => error === reason,
    );
    assert.ok(Date.now() - started < 1300, `took ${Date.now() - started} ms`);
  });
});

function processesWith(argument: string): number {
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

describe("the environment of a step", () => {
  it("is the one asked for, with HOME of the user when it has none", async () => {
    const env = async (changes: { user?: string; env?: string[] }): Promise<string[]> =>
      (await box.step("", { argv: ["/bin/env"], ...changes })).stdout.trim().split("\n").sort();
    assert.deepEqual(await env({ env: ["A=b c", "PATH=/x"] }), ["A=b c", "HOME=/root", "PATH=/x"]);
    assert.deepEqual(await env({ env: ["HOME=/h"] }), ["HOME=/h"]);
    assert.deepEqual(await env({ env: [], user: "ann" }), ["HOME=/home/ann"]);
    assert.deepEqual(await env({ env: [], user: "4242" }), ["HOME=/"]);
  });
  it("refuses what no environment can hold", async () => {
    await assert.rejects(box.step("", { env: ["A=b\0c"] }), code("SANDBOX_BAD_REQUEST"));
  });
  it("has the working directory, made for the user when missing", async () => {
    const { stdout } = await box.step("pwd; stat -c '%U %a' /w /w/d", {
      cwd: "/w/d",
      user: "daemon",
    });
    assert.equal(stdout, "/w/d\ndaemon 755\ndaemon 755\n");
  });
  it("has the host name, the hosts file and resolv.conf, which nobody can write to", async () => {
    const { stdout, result } = await box.step(
      "hostname; cat /etc/hosts /etc/resolv.conf; echo x >/etc/hosts",
    );
    assert.equal(stdout, "box\n127.0.0.1 localhost box\nnameserver 192.0.2.53\n");
    assert.deepEqual(result, { kind: "exited", code: 1 });
  });
  it("has no descriptors but 0, 1 and 2, no blocked or ignored signals, and umask 022", async () => {
    const { stdout } = await box.step(
      "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 20 63 255; do [ -e /proc/1/fd/$i ] && echo $i; done; umask",
    );
    assert.equal(stdout, "0\n1\n2\n0022\n");
    const signals = await box.step("", {
      argv: ["/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"],
    });
    assert.equal(signals.stdout, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  });
  it("is process 1 of its own processes, and sees no others", async () => {
    assert.equal((await box.step("echo $$ /proc/[0-9]*")).stdout, "1 /proc/1\n");
  });
});

describe("users", () => {
  const cases: [user: string, id: string][] = [
    ["", "0 0 0 50"],
    ["root", "0 0 0 50"],
    ["daemon", "1 1 1"],
    ["ann", "1000 1000 1000 50 60"],
    ["1000", "1000 1000 1000 50 60"],
    ["ann:daemon", "1000 1 1"],
    ["ann:7", "1000 7 7"],
    ["1234", "1234 0 0"],
    ["1234:77", "1234 77 77"],
  ];
  for (const [user, ids] of cases)
    it(`"${user}" has ids ${ids}`, async () => {
      const { stdout } = await box.step("echo $(id -u) $(id -g) $(id -G)", { user });
      assert.equal(stdout.trim(), ids);
    });
  it("must exist when named", async () => {
    await assert.rejects(box.step("", { user: "nobody-here" }), code("SANDBOX_USER"));
    await assert.rejects(box.step("", { user: "ann:no-group" }), code("SANDBOX_USER"));
  });
});

describe("privileges", () => {
  const status = async (changes: object): Promise<Record<string, string>> => {
    const { stdout } = await box.step("", { argv: ["/bin/cat", "/proc/self/status"], ...changes });
    return Object.fromEntries(
      [...stdout.matchAll(/^(\w+):\t(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
    );
  };
  it("of root are the fourteen capabilities, with nothing to inherit", async () => {
    const found = await status({});
    assert.deepEqual(
      [found["CapInh"], found["CapPrm"], found["CapEff"], found["CapBnd"], found["CapAmb"]],
      [
        "0000000000000000",
        "00000000a80425fb",
        "00000000a80425fb",
        "00000000a80425fb",
        "0000000000000000",
      ],
    );
    assert.deepEqual([found["NoNewPrivs"], found["Seccomp"]], ["0", "2"]);
  });
  it("of another user are none, within the same bounds", async () => {
    const found = await status({ user: "daemon" });
    assert.deepEqual(
      [found["CapInh"], found["CapPrm"], found["CapEff"], found["CapBnd"]],
      ["0000000000000000", "0000000000000000", "0000000000000000", "00000000a80425fb"],
    );
  });
  it("grow and shrink as asked", async () => {
    assert.equal((await status({ capDrop: ["ALL"] }))["CapBnd"], "0000000000000000");
    assert.equal(
      (await status({ capDrop: ["ALL"], capAdd: ["chown"] }))["CapEff"],
      "0000000000000001",
    );
    assert.equal((await status({ capDrop: ["CAP_CHOWN"] }))["CapEff"], "00000000a80425fa");
    await assert.rejects(box.step("", { capAdd: ["CHWON"] }), code("SANDBOX_CAPABILITY"));
  });
  it("can be regained through a set-uid program, unless that is forbidden", async () => {
    addProbe(box);
    chmodSync(join(box.layer("base"), "bin/try-syscall"), 0o4755);
    const effective = async (changes: object): Promise<string> =>
      (await box.step("", { argv: ["/bin/try-syscall", "ids"], user: "daemon", ...changes }))
        .stdout;
    assert.equal(await effective({}), "1 0\n");
    assert.equal(
      await effective({ confinement: { ...defaultConfinement, noNewPrivileges: true } }),
      "1 1\n",
    );
    assert.equal(
      (await status({ confinement: { ...defaultConfinement, noNewPrivileges: true } }))[
        "NoNewPrivs"
      ],
      "1",
    );
  });
  it("do not reach the devices behind nodes that a step makes", async () => {
    const { stdout } = await box.step(
      "for d in / /dev /tmp /dev/shm; do mknod $d/n c 1 3 2>/dev/null && (echo >$d/n) 2>/dev/null && echo open $d; done; true",
    );
    assert.equal(stdout, "");
  });
  it("are enough in a user namespace of one id, where groups cannot be set", async () => {
    const module = join(process.cwd(), "dist/sandbox/index.js");
    const store = JSON.stringify(box.store);
    const program = `
      const { createSandbox } = await import(${JSON.stringify(module)});
      const request = { root: { kind: "stack", lowers: ["base"], upper: "nested" }, argv: ["/bin/sh", "-c", "id -u; mkdir /d"],
        env: ["PATH=/bin"], cwd: "/", user: "", hostname: "box", hosts: "", resolvConf: "", network: "none",
        security: "sandbox", mounts: [], limits: {} };
      const result = await createSandbox({ storeRoot: ${store} }).run(request, {
        onOutput: (_, data) => process.stdout.write(data), signal: AbortSignal.timeout(30000) });
      console.log(JSON.stringify(result));`;
    const { stdout } = await promisify(execFile)("unshare", [
      "--user",
      "--map-root-user",
      process.execPath,
      "--input-type=module",
      "--eval",
      program,
    ]);
    assert.equal(stdout, `0\n${JSON.stringify(ok)}\n`);
  });
  it("do not include the system calls that containers are refused", async () => {
    addProbe(box);
    const results = async (changes: object): Promise<Record<string, string>> => {
      const { stdout } = await box.step("", { argv: ["/bin/try-syscall"], ...changes });
      return Object.fromEntries(
        stdout
          .trim()
          .split("\n")
          .map((line) => line.split(" ") as [string, string]),
      );
    };
    const all = Object.entries(await results({}));
    // 32-bit calls, where the machine and its kernel have them.
    const compat = all.filter(([name, answer]) => name.startsWith("32_") && answer !== "none");
    for (const [name, answer] of compat) assert.equal(answer, compatAnswers[name] ?? "EPERM", name);
    const {
      write_sysrq: writeSysrq,
      write_sys: writeSys,
      ...found
    } = Object.fromEntries(all.filter(([name]) => !name.startsWith("32_")));
    assert.deepEqual(found, {
      getpid: "0",
      mount: "EPERM",
      umount2: "EPERM",
      unshare: "EPERM",
      setns: "EPERM",
      clone_newuser: "EPERM",
      clone3: "ENOSYS",
      keyctl: "EPERM",
      add_key: "EPERM",
      bpf: "EPERM",
      perf_event_open: "EPERM",
      userfaultfd: "EPERM",
      open_by_handle_at: "EPERM",
      kexec_load: "EPERM",
      init_module: "EPERM",
      reboot: "EPERM",
      io_uring_setup: "EPERM",
      personality_aslr: "EPERM",
      personality_query: "0",
      socket_unix: "0",
      socket_alg: "EPERM",
      socket_vsock: "EPERM",
      pivot_root: "EPERM",
      move_mount: "EPERM",
      open_tree: "EPERM",
      fsopen: "EPERM",
      fspick: "EPERM",
      fsconfig: "EPERM",
      fsmount: "EPERM",
      mount_setattr: "EPERM",
      fanotify_init: "EPERM",
      swapon: "EPERM",
      acct: "EPERM",
      quotactl_fd: "EPERM",
      quotactl: "EPERM",
      syslog: "EPERM",
      settimeofday: "EPERM",
      sethostname: "EPERM",
      iopl: "EPERM",
      kcmp: "EPERM",
      pidfd_getfd: "EPERM",
      request_key: "EPERM",
      move_pages: "EPERM",
      vhangup: "EPERM",
      write_hostname: asRoot ? "EROFS" : "EACCES",
      write_core_pattern: asRoot ? "EROFS" : "EACCES",
      // A user namespace cannot make the node; as root it is made, and the mount does without devices.
      open_made_device: asRoot ? "EACCES" : "EPERM",
      newer_than_the_policy: "ENOSYS",
      x32: "ENOSYS",
      // Root's node is the step's own (security-steps looks at the host's); in a user namespace it is the host's.
      set_device_mode: asRoot ? "0" : "EPERM",
    });
    // Where the kernel has these files.
    assert.ok(["EROFS", "ENOENT", "EACCES", "EPERM"].includes(writeSysrq ?? ""), writeSysrq);
    assert.ok(["EROFS", "ENOENT", "EACCES", "EPERM"].includes(writeSys ?? ""), writeSys);
    const insecure = await results({ security: "insecure" });
    assert.equal(insecure["unshare"], "0");
    assert.equal(insecure["clone3"], "EINVAL");
  });
});

describe("file systems", () => {
  it("hide what the host would not tell", async () => {
    const { stdout } = await box.step(
      "cat /proc/kcore /proc/keys /proc/timer_list /proc/interrupts 2>/dev/null | wc -c; ls /proc/acpi /sys/firmware 2>/dev/null | grep -v : | tr -d '\\n' | wc -c",
    );
    assert.equal(stdout, "0\n0\n");
  });
  it("are read-only where the kernel is set up", async () => {
    const { stdout } = await box.step(
      "for f in /proc/sys/kernel/hostname /proc/irq/x /sys/x /sys/kernel/x; do (echo x >$f) 2>/dev/null && echo wrote $f; done; true",
    );
    assert.equal(stdout, "");
  });
  it("have a /dev of the listed nodes only", async () => {
    const { stdout } = await box.step("ls /dev");
    assert.deepEqual(stdout.trim().split("\n").sort(), [
      ..."core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".split(
        " ",
      ),
    ]);
    assert.deepEqual((await box.step("echo x >/dev/null && echo x >/dev/full")).result, {
      kind: "exited",
      code: 1,
    });
  });
  it("give /dev/shm the size asked for", async () => {
    const { stdout } = await box.step("df -k /dev/shm | tail -1 | awk '{print $2}'", {
      shmSize: 1 << 20,
    });
    assert.equal(stdout.trim(), "1024");
  });
  it("belong to root in a writable root, which keeps what is written", async () => {
    const { upper } = await box.step("echo hi >/tmp/kept; echo x >/dev/shm/lost");
    assert.deepEqual(readdirSync(join(upper, "tmp")), ["kept"]);
  });
  it("leave no scratch directory in the store", async () => {
    const { upper } = await box.step("touch /x; rm /etc/group");
    await assertTidy(join(upper, ".."));
  });
});

describe("limits", () => {
  it("of open files are the usual ones, whatever Node has", async () => {
    assert.equal((await box.step("ulimit -n")).stdout.trim(), "1024");
  });
  it("are set by name", async () => {
    const { stdout } = await box.step("ulimit -n; ulimit -Hn; ulimit -c", {
      limits: {
        ulimits: [
          { name: "nofile", soft: 100, hard: 200 },
          { name: "core", soft: 0, hard: 0 },
        ],
      },
    });
    assert.equal(stdout, "100\n200\n0\n");
    await assert.rejects(
      box.step("", { limits: { ulimits: [{ name: "nofiles", soft: 1, hard: 1 }] } }),
      code("SANDBOX_LIMIT"),
    );
  });
  it("of memory end a step that goes beyond, and that is said", async (t) => {
    const limits = { memory: 32 << 20, memorySwap: 32 << 20 };
    try {
      const { result } = await box.step("", {
        argv: ["/bin/sh", "-c", "exec tail -c 200m /dev/zero"],
        limits,
      });
      assert.deepEqual(result, { kind: "signaled", signal: "SIGKILL", outOfMemory: true });
    } catch (error) {
      if (asRoot || !isTsbuildError(error, "SANDBOX_CGROUP")) throw error;
      assert.ok(error.hint !== undefined);
      t.skip("no control group is delegated to this user");
    }
  });
  it("show in the step's own control group, which it cannot change", async (t) => {
    try {
      const { stdout } = await box.step(
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; " +
          "(echo 0 >/sys/fs/cgroup/memory/cgroup.procs) 2>/dev/null && echo wrote; true",
        { limits: { memory: 64 << 20 } },
      );
      assert.equal(stdout, `${64 << 20}\n`);
    } catch (error) {
      if (asRoot || !isTsbuildError(error, "SANDBOX_CGROUP")) throw error;
      t.skip("no control group is delegated to this user");
    }
  });
  it(
    "lie below the control group that is asked for, of version 2 as well",
    { skip: skipParent() },
    async () => {
      const { unified } = readLayout();
      const parent = join(unified?.mount ?? "", "tsbuild-test-parent");
      try {
        const running = box.step("sleep 1", { limits: { cgroupParent: "/tsbuild-test-parent" } });
        const groups = (): string[] =>
          existsSync(parent)
            ? readdirSync(parent).filter((name) => name.startsWith("tsbuild-"))
            : [];
        let members = "";
        for (let i = 0; i < 90 && members === ""; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          for (const name of groups())
            members += readFileSync(join(parent, name, "cgroup.procs"), "utf8");
        }
        assert.notEqual(members, "");
        assert.deepEqual((await running).result, ok);
        assert.deepEqual(groups(), []);
      } finally {
        rmdirSync(parent);
      }
    },
  );
  it("of processes hold", async (t) => {
    try {
      const { result, stderr } = await box.step("for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done", {
        limits: { pids: 4 },
      });
      assert.equal(result.kind, "exited");
      assert.match(stderr, /fork/);
    } catch (error) {
      if (asRoot || !isTsbuildError(error, "SANDBOX_CGROUP")) throw error;
      t.skip("no control group is delegated to this user");
    }
  });
});

describe("a root", () => {
  const stackOf = (count: number): Root => {
    const lowers = ["base", ...Array.from({ length: count - 1 }, (_, i) => `low-${i}`)];
    for (const name of lowers.slice(1)) {
      const directory = box.layer(name);
      writeFileSync(join(directory, name), "");
    }
    return writable(`on-${count}`, ...lowers);
  };
  it("may have as many layers as overlayfs stacks", async (t) => {
    if (process.env["TSBUILD_STORAGE_DRIVER"] !== undefined) {
      t.skip("other drivers have no such limit");
      return;
    }
    const { stdout } = await box.step("ls /low-* | wc -l", { root: stackOf(500) });
    assert.equal(stdout, "499\n");
    await assert.rejects(
      box.step("true", { root: stackOf(501) }),
      (error) => isTsbuildError(error, "SANDBOX_SYSTEM") && /500/.test(error.hint ?? ""),
    );
  });
});

describe("a step's layer", () => {
  const layer = { limit: 100_000 };
  const make =
    "mkdir /d; echo one >/d/one; ln /d/one /d/two; rm /etc/passwd; mknod /d/p p; chmod 4711 /d/one";
  it("comes with it, the same bytes that a comparison gives", async () => {
    const root = box.root();
    const { result } = await box.step(make, { root, layer });
    assert.ok(result.kind === "exited" && result.layer !== undefined);
    assert.ok(Buffer.from(result.layer).equals(await diffOf(box, root)));
    const clamped = await box.step(make, {
      root: box.root(),
      layer: { ...layer, clampTime: 1000 },
    });
    assert.ok(clamped.result.kind === "exited" && clamped.result.layer !== undefined);
    assert.ok(!Buffer.from(clamped.result.layer).equals(result.layer));
  });
  for (const [name, command] of [
    ["files", "i=0; while [ $i -lt 100 ]; do echo $i >/f$i; i=$((i+1)); done"],
    ["bytes", "head -c 99999 /dev/zero >/f"],
    ["bytes in a hole", "truncate -s 600G /f"],
    ["bytes of many files", "head -c 60000 /dev/zero >/f; head -c 60000 /dev/zero >/g"],
  ] as const)
    it(`does not, when it has too many ${name}`, async () => {
      const { result } = await box.step(command, { layer });
      assert.deepEqual(result, { kind: "exited", code: 0 });
    });
  it("does not, when the command has failed", async () => {
    const { result } = await box.step("echo x >/x; exit 3", { layer });
    assert.deepEqual(result, { kind: "exited", code: 3 });
  });
});

describe("networks", () => {
  it("of kind none have a loopback interface and nothing else", async () => {
    const { stdout } = await box.step("ip -o link | wc -l; ip -o addr show lo | grep -c 127.0.0.1");
    assert.equal(stdout, "1\n1\n");
  });
  it("of kind default are lent to one step at a time, and used again unless a step could change them", async (t) => {
    const inode = async (changes = {}): Promise<string> =>
      (await box.step("readlink /proc/self/ns/net; sleep 0.3", { network: "default", ...changes }))
        .stdout;
    const first = await inode();
    if (box.warnings.length > 0) {
      t.skip(box.warnings[0] ?? "");
      return;
    }
    assert.equal(await inode(), first);
    const [one, other] = await Promise.all([inode(), inode()]);
    assert.notEqual(one, other);
    const admin = await inode({ capAdd: ["NET_ADMIN"] });
    assert.notEqual(await inode(), admin);
  });
  it("of kind default do not reach the host's loopback, or say that they are the host's", async () => {
    const { createServer } = await import("node:net");
    const server = createServer((socket) => socket.end("host"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    try {
      const { stdout } = await box.step(`nc -w 2 127.0.0.1 ${address.port} </dev/null`, {
        network: "default",
      });
      const shared = box.warnings.some((text) => text.includes("host's network"));
      assert.equal(stdout, shared ? "host" : "");
    } finally {
      server.close();
    }
  });
});
