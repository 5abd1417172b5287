// SPDX-License-Identifier: Apache-2.0
// --security-opt in real steps: filters of system calls from a profile, hidden paths, options of /proc.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { parseSeccompProfile } from "#src/sandbox/seccomp-profile.js";
import {
  defaultConfinement,
  parseSecurityOptions,
  type Confinement,
  type RunRequest,
} from "#src/sandbox/index.js";
import { addProbe, asRoot, sandboxFixture, type SandboxFixture } from "../support/sandbox.js";

let box: SandboxFixture;
before(() => {
  box = sandboxFixture();
  addProbe(box);
});
after(async () => box[Symbol.asyncDispose]());

const options = (...texts: string[]): Confinement => parseSecurityOptions(texts, { cwd: "/" });

function profile(value: object): Confinement {
  return { ...defaultConfinement, seccomp: parseSeccompProfile("p.json", JSON.stringify(value)) };
}

async function calls(confinement: Confinement): Promise<Readonly<Record<string, string>>> {
  const { stdout, result } = await box.step("", { argv: ["/bin/try-syscall"], confinement });
  assert.deepEqual(result, { kind: "exited", code: 0 });
  const rows = stdout.trim().split("\n");
  return Object.fromEntries(rows.map((row) => row.split(" ") as [string, string]));
}

describe("a step under a profile of system calls", () => {
  const allow = { defaultAction: "SCMP_ACT_ALLOW" };
  it("is refused what the profile refuses, with its errno", async () => {
    const found = await calls(
      profile({
        ...allow,
        syscalls: [
          { names: ["keyctl", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
          { names: ["add_key"], action: "SCMP_ACT_ERRNO", errno: "EXDEV" },
          { names: ["setns"], action: "SCMP_ACT_ERRNO" },
        ],
      }),
    );
    assert.equal(found["keyctl"], "EOPNOTSUPP");
    assert.equal(found["add_key"], "EXDEV");
    assert.equal(found["setns"], "EPERM");
    // The built-in filter is not there as well: these fail for their arguments.
    assert.equal(found["clone3"], "EINVAL");
    assert.equal(found["personality_aslr"], "0");
  });
  it("is refused arguments, one by one", async () => {
    const socket = (value: number, errnoRet: number): object => ({
      names: ["socket"],
      action: "SCMP_ACT_ERRNO",
      errnoRet,
      args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
    });
    const found = await calls(
      profile({
        ...allow,
        syscalls: [
          socket(38, 2),
          socket(40, 3),
          {
            names: ["personality"],
            action: "SCMP_ACT_ERRNO",
            errnoRet: 4,
            args: [{ index: 0, value: 0x40000, valueTwo: 0x40000, op: "SCMP_CMP_MASKED_EQ" }],
          },
        ],
      }),
    );
    assert.equal(found["socket_alg"], "ENOENT");
    assert.equal(found["socket_vsock"], "ESRCH");
    assert.equal(found["socket_unix"], "0");
    assert.equal(found["personality_aslr"], "EINTR");
  });
  it("sees calls newer than the profile as missing, and a list of calls as all there are", async () => {
    const found = await calls(
      profile({
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 13,
        syscalls: [
          {
            names:
              "read write writev close execve exit_group exit brk mmap munmap mprotect arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat getrandom newfstatat fstat uname capset prctl socket clone wait4 rt_sigprocmask getpid gettid rt_sigaction sched_getaffinity tgkill rt_sigreturn".split(
                " ",
              ),
            action: "SCMP_ACT_ALLOW",
          },
        ],
      }),
    );
    assert.equal(found["getpid"], "0");
    assert.equal(found["keyctl"], "EACCES");
    assert.equal(found["newer_than_the_policy"], "ENOSYS");
  });
  it("is killed where the profile says so", async () => {
    const { result } = await box.step("exec mkdir /x", {
      confinement: profile({
        ...allow,
        syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS" }],
      }),
    });
    assert.deepEqual(result, { kind: "signaled", signal: "SIGSYS" });
  });
  it("may be forbidden even what the sandbox does last, when new privileges are", async () => {
    const strict = profile({
      ...allow,
      syscalls: [{ names: ["capset", "prctl"], action: "SCMP_ACT_ERRNO" }],
    });
    await assert.rejects(
      box.step("true", { confinement: strict }),
      (error: unknown) => isTsbuildError(error) && error.code.startsWith("SANDBOX_"),
    );
    const { result } = await box.step("true", {
      confinement: { ...strict, noNewPrivileges: true },
    });
    assert.deepEqual(result, { kind: "exited", code: 0 });
  });
  it("cannot be given more rules than the kernel takes", async () => {
    const args = Array.from({ length: 600 }, (_, value) => ({
      names: ["socket"],
      action: "SCMP_ACT_KILL",
      args: [{ index: 1, value, op: "SCMP_CMP_GT" }],
    }));
    await assert.rejects(
      box.step("true", { confinement: profile({ ...allow, syscalls: args }) }),
      (error: unknown) => isTsbuildError(error) && error.details["errno"] === "E2BIG",
    );
  });
  it("has no filter when it is unconfined", async () => {
    const found = await calls(options("seccomp=unconfined"));
    assert.equal(found["clone3"], "EINVAL");
    const { stdout } = await box.step("grep Seccomp: /proc/self/status", {
      confinement: options("seccomp=unconfined"),
    });
    assert.equal(stdout.trim().split(/\s+/)[1], (await outerFilters()) > 0 ? "2" : "0");
  });
});

describe("the keys of a step", () => {
  const keyring = async (changes: Partial<RunRequest>): Promise<string> =>
    (await box.step("", { argv: ["/bin/try-syscall", "keys"], ...changes })).stdout.trim();
  it("are not those of the session that builds, whatever filter it has", async () => {
    const ours = execFileSync(join(box.layer("base"), "bin/try-syscall"), ["keys"], {
      encoding: "utf8",
    });
    const seen = [
      await keyring({ confinement: options("seccomp=unconfined") }),
      await keyring({ confinement: profile({ defaultAction: "SCMP_ACT_ALLOW" }) }),
      await keyring({ security: "insecure" }),
      await keyring({ confinement: options("seccomp=unconfined"), user: "daemon" }),
    ];
    // -1: a filter around the tests forbids it.
    if (seen[0] !== "-1") assert.equal(new Set([ours.trim(), ...seen]).size, 5, seen.join(" "));
    assert.equal(await keyring({}), "-1");
  });
});

/** Filters that we ourselves run under. */
async function outerFilters(): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile("/proc/self/status", "utf8");
  return Number(/^Seccomp:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}

describe("paths of a step", () => {
  it("are hidden by name, whatever they are", async () => {
    const { stdout } = await box.step("ls -A /etc; wc -c </bin/busybox; echo x >/etc/y; echo $?", {
      confinement: options("mask=/etc:/bin/try-syscall:/no/such/path"),
    });
    assert.ok(stdout.endsWith("1\n"), stdout);
    assert.ok(!stdout.includes("passwd"));
    const probe = await box.step("wc -c </bin/try-syscall", {
      confinement: options("mask=/bin/try-syscall"),
    });
    assert.equal(probe.stdout.trim(), "0");
  });
  it("are hidden inside the root only, when the image has a symlink there", async () => {
    const { symlinkSync } = await import("node:fs");
    symlinkSync("/etc/hostname", `${box.layer("base")}/link`);
    const { result } = await box.step("test ! -e /etc/hostname", {
      confinement: options("mask=/link"),
    });
    assert.deepEqual(result, { kind: "exited", code: 0 });
  });
  it("are shown and writable again when that is asked for", async () => {
    const seen = "test -d /proc/sys/kernel && cat /proc/interrupts | head -c 1 | wc -c";
    assert.equal((await box.step(seen)).stdout.trim(), "0");
    const unmasked = { confinement: options("unmask=/proc/interrupts") };
    assert.equal((await box.step(seen, unmasked)).stdout.trim(), "1");
    const mounts = "grep -c ' /proc/' /proc/mounts || true";
    assert.notEqual((await box.step(mounts)).stdout.trim(), "0");
    const free = { confinement: options("systempaths=unconfined") };
    assert.equal((await box.step(mounts, free)).stdout.trim(), "0");
  });
  it("of /proc can be only the step's own processes, read-only", async () => {
    const { stdout } = await box.step("ls /proc | grep -v '[0-9]' | tr '\\n' ' '", {
      confinement: options("proc-opts=subset=pid,hidepid=2"),
    });
    assert.deepEqual(stdout.trim().split(" ").sort(), ["self", "thread-self"]);
    const change = "echo -17 2>/dev/null >/proc/self/oom_adj; echo $?";
    assert.equal(
      (await box.step(change, { confinement: options("proc-opts=ro") })).stdout.trim(),
      "1",
    );
  });
});

describe("a step under a profile of AppArmor", () => {
  const hasAppArmor = existsSync("/sys/kernel/security/apparmor");
  const none = hasAppArmor ? false : "this kernel has no AppArmor, or does not show it";
  const cannotLoad =
    none !== false
      ? none
      : asRoot && existsSync("/sbin/apparmor_parser")
        ? false
        : "profiles cannot be loaded";
  it("is refused what the profile denies", { skip: cannotLoad }, async () => {
    const name = `tsbuild-test-${process.pid}`;
    const parser = (...flags: string[]): string =>
      execFileSync("/sbin/apparmor_parser", [...flags, "--skip-cache"], {
        input: `profile ${name} flags=(attach_disconnected) { file, capability, deny /deny/** w, }\n`,
        encoding: "utf8",
      });
    parser("--add");
    try {
      const { stdout } = await box.step(
        "cat /proc/self/attr/current; mkdir /deny /allow; echo x >/allow/x && echo allowed; echo x >/deny/x || echo denied",
        { confinement: options(`apparmor=${name}`) },
      );
      assert.equal(stdout, `${name} (enforce)\nallowed\ndenied\n`);
    } finally {
      parser("--remove");
    }
  });
  it("that is not loaded does not begin, and that is said", { skip: none }, async () => {
    const confinement = options("apparmor=tsbuild-test-none");
    await assert.rejects(
      box.step("true", { confinement }),
      (error) =>
        isTsbuildError(error) && /no profile of this name is loaded/.test(error.hint ?? ""),
    );
  });
});
