// SPDX-License-Identifier: Apache-2.0
// Control groups of version 2, in a directory that looks like one: which files are written, what is turned on on the way, how an
// end for want of memory is seen, and what an error says is missing.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { cgroupLayout, type CgroupLayout } from "#src/sandbox/cgroup-layout.js";
import { cgroupSupport, openCgroup } from "#src/sandbox/cgroup.js";
import { asRoot } from "../../support/sandbox.js";

const directory = mkdtempSync(join(tmpdir(), "tsbuild-test-"));
after(() => {
  rmSync(directory, { recursive: true });
});
let count = 0;

/** A hierarchy with these groups, each with its controllers. */
function hierarchy(groups: Readonly<Record<string, string>>, own = "/"): CgroupLayout {
  const mount = join(directory, `mount-${++count}`);
  for (const [path, controllers] of Object.entries(groups)) {
    mkdirSync(join(mount, path), { recursive: true });
    writeFileSync(join(mount, path, "cgroup.controllers"), `${controllers}\n`);
    for (const file of ["cgroup.subtree_control", "cgroup.procs"])
      writeFileSync(join(mount, path, file), "");
  }
  return { unified: { mount, own }, controllers: new Map() };
}

/** Files of the group that was made, and the group's end: real groups have no files to remove. */
function contents(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(path).map((name) => [name, readFileSync(join(path, name), "utf8")]),
  );
}
function emptied(path: string): void {
  for (const name of readdirSync(path)) rmSync(join(path, name));
}

const all = "cpuset cpu io memory pids";
const refused =
  (pattern: RegExp) =>
  (error: unknown): boolean =>
    isTsbuildError(error, "SANDBOX_CGROUP") && pattern.test(error.message);

describe("a control group of version 2", () => {
  it("gets every limit in its file, and the controllers are turned on above it", async () => {
    const layout = hierarchy({ "/": all, "/a": all, "/a/b": all });
    const group = await openCgroup(
      {
        memory: 64 << 20,
        memorySwap: 96 << 20,
        cpuShares: 512,
        cpuPeriod: 50_000,
        cpuQuota: 25_000,
        cpusetCpus: "0",
        cpusetMems: "0",
        pids: 20,
        cgroupParent: "/a/b",
      },
      layout,
    );
    assert.ok(group !== undefined);
    const [path = "", ...others] = group.paths;
    assert.deepEqual(others, []);
    assert.deepEqual(contents(path), {
      "memory.max": "67108864",
      "memory.swap.max": "33554432",
      "cpu.weight": "20",
      "cpu.max": "25000 50000",
      "cpuset.cpus": "0",
      "cpuset.mems": "0",
      "pids.max": "20",
    });
    const mount = layout.unified?.mount ?? "";
    for (const above of ["", "a", "a/b"])
      assert.equal(
        readFileSync(join(mount, above, "cgroup.subtree_control"), "utf8"),
        "+memory +cpu +cpuset +pids",
      );
    assert.equal(group.outOfMemory(), false);
    writeFileSync(join(path, "memory.events"), "low 0\nhigh 0\nmax 9\noom 1\noom_kill 0\n");
    assert.equal(group.outOfMemory(), false);
    writeFileSync(join(path, "memory.events"), "low 0\noom 1\noom_kill 2\n");
    assert.equal(group.outOfMemory(), true);
    emptied(path);
    await group[Symbol.asyncDispose]();
    assert.ok(!readdirSync(join(mount, "a/b")).some((name) => name.startsWith("tsbuild-")));
  });
  it("lies where systemd puts a slice", async () => {
    const layout = hierarchy({ "/": all, "/a.slice": all, "/a.slice/a-b.slice": all });
    await using group = await openCgroup({ pids: 5, cgroupParent: "a-b.slice" }, layout);
    const [path = ""] = group?.paths ?? [];
    assert.ok(path.includes("/a.slice/a-b.slice/tsbuild-"), path);
    emptied(path);
  });
  it("of processes that are gone is removed in passing", async () => {
    const layout = hierarchy({ "/": all, "/p": all });
    const stale = join(layout.unified?.mount ?? "", "p/tsbuild-4194999-1");
    mkdirSync(stale);
    await using group = await openCgroup({ pids: 5, cgroupParent: "/p" }, layout);
    assert.ok(!readdirSync(join(stale, "..")).includes("tsbuild-4194999-1"));
    emptied(group?.paths[0] ?? "");
  });
  it("that lacks a controller is refused, and the controller named", async () => {
    const layout = hierarchy({ "/": "cpuset pids" });
    await assert.rejects(openCgroup({ memory: 1 << 20 }, layout), refused(/memory/));
    // cpuset is not cpu.
    await assert.rejects(openCgroup({ cpuShares: 100 }, layout), refused(/cpu/));
  });
  it("that was not given the controllers from above is refused, with what it has", async () => {
    const layout = hierarchy({ "/": all, "/user": "pids" }, "/user");
    await assert.rejects(
      openCgroup({ memory: 1 << 20, cgroupParent: "/user" }, layout),
      refused(/\/user does not have memory \(it has pids\)/),
    );
  });
  it("is refused below one that holds processes; ours are moved out of the way first", async () => {
    const layout = hierarchy({ "/": all, "/ours": all, "/busy": all }, "/ours");
    const { mount } = layout.unified ?? { mount: "" };
    for (const group of ["ours", "busy"]) {
      writeFileSync(join(mount, group, "cgroup.type"), "domain\n");
      // 0: a process of another namespace; and what would move ourselves.
      writeFileSync(join(mount, group, "cgroup.procs"), "0\n4194998\n");
    }
    const holds = refused(/\/(?:busy|ours) holds processes/);
    await assert.rejects(openCgroup({ pids: 5, cgroupParent: "/busy" }, layout), holds);
    assert.ok(!readdirSync(join(mount, "busy")).includes("tsbuild-others"));
    // Nothing leaves a group of this kind.
    await assert.rejects(openCgroup({ pids: 5, cgroupParent: "/ours" }, layout), holds);
    const moved = readFileSync(join(mount, "ours/tsbuild-others/cgroup.procs"), "utf8");
    assert.equal(moved, "4194998");
  });
  it("is not sought above what is turned on already", async () => {
    const layout = hierarchy({ "/": "", "/a": all });
    writeFileSync(join(layout.unified?.mount ?? "", "cgroup.subtree_control"), "pids memory\n");
    await using group = await openCgroup({ pids: 5, cgroupParent: "/a" }, layout);
    emptied(group?.paths[0] ?? "");
    const top = readFileSync(join(layout.unified?.mount ?? "", "cgroup.subtree_control"), "utf8");
    assert.equal(top, "pids memory\n");
  });
});

describe("the layout of control groups", () => {
  const line = (root: string, place: string): string =>
    `31 22 0:26 ${root} ${place} rw - cgroup2 cgroup2 rw,nsdelegate\n`;
  it("is the mount's view of our own group", () => {
    assert.deepEqual(cgroupLayout("0::/a/b\n", line("/", "/c")).unified, {
      mount: "/c",
      own: "/a/b",
    });
    assert.deepEqual(cgroupLayout("0::/a/b\n", line("/a", "/c")).unified, {
      mount: "/c",
      own: "/b",
    });
    assert.deepEqual(cgroupLayout("0::/a\n", line("/a", "/c")).unified, { mount: "/c", own: "/" });
  });
  it("is foreign when the mount is another namespace's, until one of ours lies over it", () => {
    const foreign = { mount: "/c", own: "/", foreign: true };
    assert.deepEqual(cgroupLayout("0::/\n", line("/../..", "/c")).unified, foreign);
    assert.deepEqual(cgroupLayout("0::/ab\n", line("/a", "/c")).unified, foreign);
    const both = line("/../..", "/c") + line("/", "/c");
    assert.deepEqual(cgroupLayout("0::/\n", both).unified, { mount: "/c", own: "/" });
  });
  it("that is foreign has no limits, and says so", async () => {
    const unified = { mount: "/c", own: "/", foreign: true };
    await assert.rejects(
      openCgroup({ pids: 5 }, { unified, controllers: new Map() }),
      refused(/\/c shows the control groups of another namespace/),
    );
  });
});

describe("what can be limited", () => {
  it("is found without changing anything", { skip: asRoot ? false : "needs root" }, () => {
    const layout = hierarchy({ "/": "cpu memory pids" });
    const { mount } = layout.unified ?? { mount: "" };
    const found = cgroupSupport(layout);
    assert.deepEqual(found?.usable, ["memory", "cpu", "pids"]);
    assert.match(found.fault?.why ?? "", /does not have cpuset \(it has cpu, memory, pids\)/);
    assert.equal(readFileSync(join(mount, "cgroup.subtree_control"), "utf8"), "");
    assert.ok(!readdirSync(mount).includes("tsbuild"));
  });
  it("is nothing where no control groups are mounted", () => {
    assert.equal(cgroupSupport({ controllers: new Map() }), undefined);
  });
});
